package report

import (
	"archive/zip"
	"bytes"
	"io"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// fitsMemory reports whether a workbook is small enough to be changed: excelize
// has all of it in memory, each part as it came and as objects.
func fitsMemory(z *zip.Reader) bool {
	bytesLeft, elementsLeft := int64(limits.BesideSheet), limits.KeptElements
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return false
		}
		size, elements, err := measurePart(io.LimitReader(r, bytesLeft+1), elementsLeft)
		bytesLeft, elementsLeft = bytesLeft-size, elementsLeft-elements
		if r.Close() != nil || err != nil || bytesLeft < 0 || elementsLeft < 0 {
			return false
		}
	}
	return true
}

// measurePart counts the bytes of a part and about how many elements it has, if
// it is XML; of a picture, some. It stops beyond most elements.
func measurePart(r io.Reader, most int) (size int64, elements int, err error) {
	buf := make([]byte, 64<<10)
	for elements <= most {
		n, err := r.Read(buf)
		size += int64(n)
		elements += bytes.Count(buf[:n], []byte("<")) - bytes.Count(buf[:n], []byte("</"))
		if err == io.EOF {
			return size, elements, nil
		}
		if err != nil {
			return size, elements, err
		}
	}
	return size, elements, nil
}
