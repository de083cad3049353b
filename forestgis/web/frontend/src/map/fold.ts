import { required } from "../lib/dom";

/** Let the panel of layers be hidden for a wider map; on a tablet it starts hidden. */
export function makePanelFoldable(): void {
  const panel = required("panel");
  const opener = required("panel-open");
  const closer = required("panel-close");
  const set = (open: boolean): void => {
    panel.hidden = !open;
    opener.hidden = open;
  };
  opener.addEventListener("click", () => {
    set(true);
    closer.focus();
  });
  closer.addEventListener("click", () => {
    set(false);
    opener.focus();
  });
  set(window.matchMedia("(min-width: 60rem)").matches);
}
