/**
 * Leaflet, for HTML outputs that load it from a public server (folium), with what their maps name beside it: markers with icons, clusters of markers, heat.
 *
 * The pictures of its own markers are inside: it would look for them beside its style sheet, which has no address here.
 */
import L from "leaflet";
import icon from "leaflet/dist/images/marker-icon.png";
import retina from "leaflet/dist/images/marker-icon-2x.png";
import shadow from "leaflet/dist/images/marker-shadow.png";
import "leaflet.awesome-markers";
import "leaflet.heat";
import "leaflet.markercluster";

L.Icon.Default.imagePath = "";
L.Icon.Default.mergeOptions({ iconUrl: icon, iconRetinaUrl: retina, shadowUrl: shadow });

/** folium's `Icon(angle=...)` names one of these classes; their style sheet is folium's own. */
const turned = Array.from({ length: 360 }, (_, angle) => `.awesome-marker .fa-rotate-${angle}{rotate:${angle}deg;transform:none}`);
const style = document.createElement("style");
style.textContent = turned.join("");
document.head.append(style);
