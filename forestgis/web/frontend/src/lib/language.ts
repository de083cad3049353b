/**
 * Carry the address fragment (the map's place and layers) through the language form.
 * A redirect without a fragment of its own keeps the one of the address it was asked at.
 */
export function keepPlaceOnLanguageSwitch(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-language-switch]");
  form?.addEventListener("submit", () => {
    const action = new URL(form.action, document.baseURI);
    action.hash = location.hash;
    form.action = action.href;
  });
}
