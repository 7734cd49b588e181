/** Elements of the page, made from data. Text is never read as HTML. */

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * Make an element.
 * @param {string} tag
 * @param {Record<string, any>} [props] attributes; `class`; functions under `on` listen;
 *   true gives an empty attribute, false and null none
 * @param {...(Child | Child[])} children
 * @returns {any}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (value === true) {
      element.setAttribute(name, "");
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, String(value));
    }
  }
  element.append(.../** @type {any[]} */ (children.flat().filter(shown)));
  return element;
}

/**
 * Put other children into an element.
 * @param {Element} element
 * @param {...(Child | Child[])} children
 */
export function fill(element, ...children) {
  element.replaceChildren(.../** @type {any[]} */ (children.flat().filter(shown)));
}

/**
 * A button that cannot be pressed again while it works.
 * @param {Child} label
 * @param {(event: Event) => any} press
 * @param {Record<string, any>} [props]
 * @returns {HTMLButtonElement}
 */
export function button(label, press, props = {}) {
  const made = h("button", { type: "button", ...props }, label);
  made.addEventListener("click", async (/** @type {Event} */ event) => {
    if (made.getAttribute("aria-disabled") === "true") return;
    made.setAttribute("aria-disabled", "true");
    try {
      await press(event);
    } finally {
      made.removeAttribute("aria-disabled");
    }
  });
  return made;
}

/**
 * Listen until what is returned is called.
 * @param {EventTarget} target
 * @param {string} name
 * @param {(event: any) => void} listener
 */
export function on(target, name, listener) {
  target.addEventListener(name, listener);
  return () => target.removeEventListener(name, listener);
}

/** @param {Child} child */
function shown(child) {
  return child !== null && child !== undefined && child !== false;
}
