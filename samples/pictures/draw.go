package main

import (
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"regexp"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// Sizes in pixels.
const (
	fontSize   = 16
	lineHeight = 21
	margin     = 16
)

// theme is the colours of a terminal: its ground, its text, and those of the
// escape sequences.
type theme struct {
	name         string
	ground, text color.RGBA
	codes        map[string]color.RGBA
}

func themes() []theme {
	rgb := func(n uint32) color.RGBA { return color.RGBA{uint8(n >> 16), uint8(n >> 8), uint8(n), 255} }
	return []theme{
		{"dark", rgb(0x0d1117), rgb(0xe6edf3), map[string]color.RGBA{"31": rgb(0xf85149), "32": rgb(0x3fb950), "33": rgb(0xd29922)}},
		{"light", rgb(0xffffff), rgb(0x1f2328), map[string]color.RGBA{"31": rgb(0xcf222e), "32": rgb(0x1a7f37), "33": rgb(0x9a6700)}},
	}
}

// palette returns every shade between the ground and the colours of the text.
func (t theme) palette() color.Palette {
	const shades = 24
	colours := []color.RGBA{t.text}
	for _, code := range []string{"31", "32", "33"} {
		colours = append(colours, t.codes[code])
	}
	p := color.Palette{t.ground}
	mix := func(from, to uint8, n int) uint8 { return uint8(int(from) + (int(to)-int(from))*n/shades) }
	for _, c := range colours {
		for n := 1; n <= shades; n++ {
			p = append(p, color.RGBA{mix(t.ground.R, c.R, n), mix(t.ground.G, c.G, n), mix(t.ground.B, c.B, n), 255})
		}
	}
	return p
}

// fonts are the faces of plain and bold text.
type fonts struct{ plain, bold font.Face }

func loadFonts() (*fonts, error) {
	load := func(ttf []byte) (font.Face, error) {
		f, err := opentype.Parse(ttf)
		if err != nil {
			return nil, err
		}
		return opentype.NewFace(f, &opentype.FaceOptions{Size: fontSize, DPI: 72, Hinting: font.HintingFull})
	}
	plain, err := load(gomono.TTF)
	if err != nil {
		return nil, err
	}
	bold, err := load(gomonobold.TTF)
	return &fonts{plain, bold}, err
}

// drawScreen writes a screen as a PNG.
func drawScreen(path string, f *fonts, t theme, screen string, columns int) (err error) {
	advance, _ := f.plain.GlyphAdvance('m')
	cell := advance.Ceil()
	lines := strings.Split(screen, "\n")
	bounds := image.Rect(0, 0, 2*margin+columns*cell, 2*margin+len(lines)*lineHeight)
	canvas := image.NewRGBA(bounds)
	draw.Draw(canvas, bounds, image.NewUniform(t.ground), image.Point{}, draw.Src)
	p := pen{canvas: canvas, fonts: f, theme: t, cell: cell, sequence: regexp.MustCompile("\x1b\\[([0-9;]*)m|\x1b[()].|[\x0e\x0f]")}
	for i, line := range lines {
		p.drawLine(line, margin+i*lineHeight+fontSize)
	}
	out := image.NewPaletted(bounds, t.palette())
	draw.Draw(out, bounds, canvas, image.Point{}, draw.Src)
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(file, out)
}

// pen draws text in the style of the escape sequences so far.
type pen struct {
	canvas *image.RGBA
	fonts  *fonts
	theme  theme
	cell   int
	bold   bool
	colour string

	sequence *regexp.Regexp // an escape sequence, with the codes of its style
}

// drawLine draws a line at a baseline.
func (p *pen) drawLine(line string, baseline int) {
	column := 0
	text := func(s string) {
		for _, r := range s {
			p.drawRune(r, margin+column*p.cell, baseline)
			column++
		}
	}
	for {
		at := p.sequence.FindStringSubmatchIndex(line)
		if at == nil {
			text(line)
			return
		}
		text(line[:at[0]])
		if at[2] >= 0 {
			for code := range strings.SplitSeq(line[at[2]:at[3]], ";") {
				p.setStyle(code)
			}
		}
		line = line[at[1]:]
	}
}

func (p *pen) setStyle(code string) {
	switch code {
	case "", "0":
		p.bold, p.colour = false, ""
	case "1":
		p.bold = true
	case "22":
		p.bold = false
	case "39":
		p.colour = ""
	case "31", "32", "33":
		p.colour = code
	}
}

func (p *pen) drawRune(r rune, x, baseline int) {
	colour, isStyled := p.theme.codes[p.colour]
	if !isStyled {
		colour = p.theme.text
	}
	if r == '█' { // the font's block is lower than a line
		draw.Draw(p.canvas, image.Rect(x, baseline-fontSize+2, x+p.cell, baseline+3), image.NewUniform(colour), image.Point{}, draw.Src)
		return
	}
	face := p.fonts.plain
	if p.bold {
		face = p.fonts.bold
	}
	d := font.Drawer{Dst: p.canvas, Src: image.NewUniform(colour), Face: face, Dot: fixed.P(x, baseline)}
	d.DrawString(string(r))
}
