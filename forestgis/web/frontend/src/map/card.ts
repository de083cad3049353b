/** The card of one 小班 beside the map, written by the server. */
import type { MapConfig } from "./config";

export class CardPanel {
  private request: AbortController | null = null;

  constructor(
    private readonly place: HTMLElement,
    private readonly config: MapConfig,
    private readonly onClose: () => void,
  ) {
    place.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
    place.addEventListener("click", (event) => {
      if (event.target instanceof Element && event.target.closest("[data-close-card]")) this.close();
    });
  }

  /** Fetch and show the card of a key; a later call wins over an unfinished one. */
  async open(key: string): Promise<void> {
    this.request?.abort();
    const request = (this.request = new AbortController());
    this.say(this.config.text.cardLoading);
    try {
      const address = this.config.cardUrl.replace("__key__", encodeURIComponent(key));
      const response = await fetch(address, { signal: request.signal, headers: { "X-Requested-With": "fetch" } });
      if (response.redirected || response.status === 401) location.assign(this.config.loginUrl);
      else if (response.status === 404) this.say(this.config.text.cardMissing);
      else if (!response.ok) this.say(this.config.text.cardFailed);
      else this.fill(await response.text());
    } catch (error) {
      if (!request.signal.aborted) this.say(this.config.text.cardFailed);
      else if (!(error instanceof DOMException)) throw error;
    }
  }

  close(): void {
    this.request?.abort();
    this.place.hidden = true;
    this.place.replaceChildren();
    this.onClose();
  }

  private fill(html: string): void {
    this.place.innerHTML = html;
    this.place.hidden = false;
    this.place.querySelector<HTMLElement>("h2")?.focus({ preventScroll: true });
  }

  private say(message: string): void {
    const line = document.createElement("p");
    line.className = "card-message";
    line.setAttribute("role", "status");
    line.textContent = message;
    const close = document.createElement("button");
    close.type = "button";
    close.className = "card-close";
    close.dataset["closeCard"] = "";
    close.setAttribute("aria-label", this.config.text.closeCard);
    close.textContent = "×";
    this.place.replaceChildren(close, line);
    this.place.hidden = false;
  }
}
