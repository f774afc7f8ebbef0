/** jQuery, for outputs that expect it to be there or load it from a public server. */
import jQuery from "jquery";

Object.assign(window, { jQuery, $: jQuery });
