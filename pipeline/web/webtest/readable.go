package webtest

import (
	"slices"
	"strings"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// CheckReadable fails unless every control of the page has a name and shows when it has
// the focus, and every text stands out from its ground in both colour schemes.
func (x *Tab) CheckReadable() {
	x.t.Helper()
	x.checkNames()
	x.CheckContrast()
	x.checkFocus()
}

// CheckContrast fails unless every text stands out from its ground in both colour schemes.
func (x *Tab) CheckContrast() {
	x.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		x.SetScheme(scheme)
		for _, faint := range Evaluate[[]string](x, contrastScript) {
			x.t.Errorf("%s: %s", scheme, faint)
		}
	}
	x.SetScheme("light")
}

// checkNames fails for controls that a screen reader cannot name.
func (x *Tab) checkNames() {
	x.t.Helper()
	tree, err := chromedp.Call(x.ctx(), accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		x.t.Fatal(err)
	}
	controls := []string{"button", "link", "textbox", "searchbox", "combobox", "checkbox", "radio", "grid", "columnheader", "progressbar", "dialog", "navigation", "toolbar"}
	found := 0
	for _, node := range tree.Nodes {
		if node.Ignored || node.Role == nil || !slices.Contains(controls, strings.Trim(string(node.Role.Value), `"`)) {
			continue
		}
		found++
		if node.Name == nil || strings.Trim(string(node.Name.Value), `"`) == "" {
			x.t.Errorf("a %s has no name", node.Role.Value)
		}
	}
	if found < 3 {
		x.t.Errorf("only %d controls were found", found)
	}
}

// checkFocus fails for controls that look the same with the focus of the keyboard.
func (x *Tab) checkFocus() {
	x.t.Helper()
	x.PressKeys(kb.Tab) // from here on the focus is the keyboard's
	focused := Evaluate[struct {
		Shown  int      `json:"shown"`
		Unseen []string `json:"unseen"`
	}](x, focusScript)
	for _, control := range focused.Unseen {
		x.t.Errorf("the focus cannot be seen on %s", control)
	}
	if focused.Shown == 0 {
		x.t.Errorf("no control takes the focus")
	}
}

// focusScript gives every control the focus, one after the other, and returns those
// without an outline of their own or of what holds them.
const focusScript = `(() => {
	const before = document.activeElement;
	const controls = [...(document.querySelector("dialog[open]") ?? document).querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")];
	const unseen = [];
	let shown = 0;
	for (const control of controls) {
		if (control.disabled || !control.checkVisibility({visibilityProperty: true})) continue;
		control.focus({preventScroll: true});
		if (document.activeElement !== control) continue;
		let isSeen = false;
		for (let n = control, i = 0; n && i < 3; n = n.parentElement, i++) {
			const style = getComputedStyle(n);
			if (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) isSeen = true;
		}
		if (isSeen) shown++;
		else unseen.push(control.tagName + " " + (control.ariaLabel ?? control.innerText ?? "").slice(0, 40));
	}
	before?.focus?.({preventScroll: true});
	return {shown, unseen: unseen.slice(0, 10)};
})()`

// contrastScript returns the texts whose contrast is below 4.5:1, or 3:1 where they are
// large.
const contrastScript = `(() => {
	const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
	const parsed = new Map();
	const parse = (color) => {
		if (parsed.has(color)) return parsed.get(color);
		canvas.clearRect(0, 0, 1, 1);
		canvas.fillStyle = color;
		canvas.fillRect(0, 0, 1, 1);
		const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
		parsed.set(color, [r, g, b, a / 255]);
		return parsed.get(color);
	};
	const over = (top, ground) => [0, 1, 2].map((i) => top[i] * top[3] + ground[i] * (1 - top[3])).concat(1);
	const groundOf = (node) => {
		const layers = [];
		for (let n = node; n; n = n.parentElement) {
			const color = parse(getComputedStyle(n).backgroundColor);
			layers.push(color);
			if (color[3] === 1) break;
		}
		return layers.reverse().reduce((ground, layer) => over(layer, ground), [255, 255, 255, 1]);
	};
	const light = (color) => {
		const [r, g, b] = color.slice(0, 3).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const faint = [];
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let text = walker.nextNode(); text; text = walker.nextNode()) {
		const node = text.parentElement;
		if (!text.data.trim() || !node.checkVisibility({visibilityProperty: true}) || node.closest(".unseen, [disabled], .is-loading, option, noscript")) continue;
		const style = getComputedStyle(node);
		const ground = groundOf(node);
		const ink = over(parse(style.color), ground);
		const [high, low] = [light(ink), light(ground)].sort((a, b) => b - a);
		const ratio = (high + 0.05) / (low + 0.05);
		const size = parseFloat(style.fontSize);
		const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
		if (ratio < least) faint.push(text.data.trim().slice(0, 40) + " has " + ratio.toFixed(2) + ":1 (" + node.className + ")");
	}
	return [...new Set(faint)].slice(0, 10);
})()`
