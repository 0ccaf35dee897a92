// A view of something that the server knows whole, and that requests change: it follows that while it is open.

import { el, fill, later } from "./dom.js";
import { read } from "./server.js";

/**
 * follow makes such a view. It asks for what, and shows it with draw or says in box why it cannot. Of its functions, changed
 * says that there may be something else to show: the view asks again ms later, however often it was told in between.
 */
export function follow(what, box, draw, ms) {
  let visible = false;
  async function refresh() {
    try {
      draw(await read(what));
    } catch (err) {
      fill(box, el("p", { class: "problem" }, err.message));
    }
  }
  return {
    refresh,
    open() {
      visible = true;
      refresh();
    },
    close() {
      visible = false;
    },
    changed: later(() => visible && refresh(), ms),
  };
}
