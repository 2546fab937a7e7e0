package webtest

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// picturesVariable is the environment variable that names the folder for pictures.
const picturesVariable = "BULKONBOARD_PICTURES"

// The window of tests, in pixels.
const windowWidth, windowHeight = 1440, 900

// TakePictures takes pictures of what the tab shows, in two sizes and two colour
// schemes, into the folder that the environment variable BULKONBOARD_PICTURES names.
// Without it, it does nothing.
func (x *Tab) TakePictures(name string) {
	x.t.Helper()
	dir := os.Getenv(picturesVariable)
	if dir == "" {
		return
	}
	for _, size := range [][2]int64{{1280, 800}, {1920, 1200}} {
		for _, scheme := range []string{"light", "dark"} {
			x.do(chromedp.EmulateViewport(size[0], size[1]))
			x.SetScheme(scheme)
			Evaluate[bool](x, `new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(true), 100)))`)
			picture, err := chromedp.Run(x.ctx(), chromedp.CaptureScreenshot())
			if err != nil {
				x.t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%d-%s.png", name, size[0], scheme)), picture, 0o600); err != nil {
				x.t.Fatal(err)
			}
		}
	}
	x.SetScheme("light")
	x.do(chromedp.EmulateViewport(windowWidth, windowHeight))
}

// SetScheme makes the system's colour scheme "light" or "dark".
func (x *Tab) SetScheme(scheme string) {
	x.t.Helper()
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	if _, err := chromedp.Call(x.ctx(), emulation.SetEmulatedMedia, media); err != nil {
		x.t.Fatal(err)
	}
}
