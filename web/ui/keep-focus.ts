// A button that waits for an answer is disabled, and browsers take the focus from what is disabled: whoever works with the keyboard
// would begin again at the top of the page. It comes back when the button does, unless something else has been focused meanwhile.

let lastFocused: HTMLElement | null = null;

/** Watches the whole page from now on. */
export function keepFocus(): void {
  addEventListener("focusin", ({ target }) => {
    if (target instanceof HTMLElement) lastFocused = target;
  });
  new MutationObserver((changes) => {
    if (changes.some(({ target }) => target === lastFocused)) focusAgain(lastFocused);
  }).observe(document.documentElement, { attributeFilter: ["disabled"], subtree: true });
}

/** What had the focus last, although it may have lost it by being disabled. */
export const findLastFocused = (): HTMLElement | null => lastFocused;

/** Gives the focus back to it, if nothing has it and it is still there. */
export function focusAgain(element: HTMLElement | null): void {
  if (!element?.isConnected || element.matches(":disabled")) return;
  if (document.activeElement === null || document.activeElement === document.body)
    element.focus({ preventScroll: true });
}
