/**
 * Style sheets of outputs in their shadow roots. A shadow root keeps its rules to itself but for those about its host, which is the page's: with
 * `:host { position: fixed !important }` an output would lie over the page. `confine` leaves no rule that can match the host or that counts for the
 * whole document.
 *
 *     :host, :root     the elements at the top of the output, so that the custom properties that libraries set there are inherited
 *     :scope, &        taken out where they would mean the host
 *     @page, @property, @font-face and the like: taken out
 *
 * Source: CSS Scoping 1, section 3.2; CSS Cascade 6, section 2.5 (@scope).
 * Rejected: reading the text of the sheet (escapes and comments hide names in it; a parsed selector hides nothing).
 */

/** What stands for the host and the root: never the host itself, whatever stands before it. */
const TOP = ":host > *";
/** The two as people write them; with arguments (`:host(.x)`, `:host-context(…)`) they are not let in. */
const HOST = /:(?:host|root)(?![-\w(])/g;
/** What means the host unless a rule around it gives it another meaning. */
const SCOPE = /:scope|&/;

interface Rules {
  readonly cssRules: CSSRuleList;
  deleteRule(at: number): void;
}

const isScope = (rule: CSSRule): rule is CSSGroupingRule & { readonly start: string | null } => "start" in rule && "end" in rule;

/**
 * A selector that cannot match the host, or null.
 *
 * Args:
 *   selector: as the browser serializes it.
 *   scoped: whether a rule around it gives `:scope` and `&` a meaning.
 */
export function confinedSelector(selector: string, scoped: boolean): string | null {
  if (selector.replace(HOST, "").includes(":host") || (!scoped && SCOPE.test(selector))) return null;
  return selector.replace(HOST, TOP);
}

/** Whether a rule may stay, once its selector is confined. */
function confineRule(rule: CSSRule, nested: boolean, scoped: boolean): boolean {
  if (rule instanceof CSSStyleRule) {
    const selector = confinedSelector(rule.selectorText, nested || scoped);
    if (selector === null || (/:scope/.test(selector) && !scoped)) return false;
    if (selector !== rule.selectorText) rule.selectorText = selector;
    confineAll(rule, true, scoped);
    return true;
  }
  if (isScope(rule)) {
    if (rule.start === null || /:host|:root|:scope|&/.test(rule.start)) return false;
    confineAll(rule, nested, true);
    return true;
  }
  if (rule instanceof CSSPageRule) return false;
  if (rule instanceof CSSGroupingRule) {
    confineAll(rule, nested, scoped);
    return true;
  }
  return rule instanceof CSSKeyframesRule || nested; // declarations between nested rules
}

function confineAll(rules: Rules, nested: boolean, scoped: boolean): void {
  for (let at = rules.cssRules.length - 1; at >= 0; at--) {
    const rule = rules.cssRules[at];
    if (rule !== undefined && !confineRule(rule, nested, scoped)) rules.deleteRule(at);
  }
}

/** Takes out of a sheet what would reach beyond its shadow root. */
export function confine(sheet: CSSStyleSheet): void {
  confineAll(sheet, false, false);
}
