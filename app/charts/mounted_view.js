// What every picture is: a root that moves with Streamlit's component, so that what a viewer has set outlasts it.

import { element } from "./dom.js"

export class MountedView {
  constructor(className) {
    this.root = element("div", className)
  }

  attach(host) {
    if (this.root.parentNode !== host) host.append(this.root)
  }

  // `large`: for a projector
  enlarge(large) {
    this.root.classList.toggle("dfa-large", Boolean(large))
  }

  unmount() {
    this.root.remove()
  }
}
