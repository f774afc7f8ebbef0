/** Bootstrap 5, for HTML outputs that load it from a public server. */
import * as bootstrap from "bootstrap/dist/js/bootstrap.bundle.js";

Object.assign(window, { bootstrap });
