/** The first of the sources that a sound or film names becomes its own; nothing plays by itself. */
export function liftSources(media: HTMLMediaElement): void {
  const [first] = media.querySelectorAll("source");
  if (!media.hasAttribute("src") && first?.hasAttribute("src") === true) media.setAttribute("src", first.getAttribute("src") ?? "");
  for (const one of media.querySelectorAll("source, track")) one.remove();
  for (const name of ["poster", "autoplay"]) media.removeAttribute(name);
  media.setAttribute("controls", "");
}
