/**
 * Fields that belong to one choice of another field, `data-only-with="name=value"`, are shown with that choice alone.
 *
 * Without scripts all fields are there, and the server ignores what the choice does not need.
 */
export function showFieldsWithTheirChoice(): void {
  for (const field of document.querySelectorAll<HTMLElement>("[data-only-with]")) {
    const [name = "", value = ""] = (field.dataset["onlyWith"] ?? "").split("=");
    const control = field.closest("form")?.elements.namedItem(name);
    if (control instanceof HTMLSelectElement) follow(field, control, value);
  }
}

function follow(field: HTMLElement, control: HTMLSelectElement, value: string): void {
  const update = (): void => {
    const chosen = control.value === value;
    field.hidden = !chosen;
    // What is hidden is not sent either.
    for (const input of field.querySelectorAll<HTMLSelectElement | HTMLInputElement>("select, input")) {
      input.disabled = !chosen;
    }
  };
  control.addEventListener("change", update);
  // A page that is gone back to keeps its choice.
  window.addEventListener("pageshow", update);
  update();
}
