package metrics

import (
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// maxRead is how much of a file is read, in bytes. One of ours is far smaller.
const maxRead = 1 << 20

// Read returns what a metrics file says of its ledger: environment, name, and when
// a run last succeeded. It fails for any other file.
func Read(path string) (Snapshot, error) {
	f, err := os.Open(path)
	if err != nil {
		return Snapshot{}, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxRead))
	if err != nil {
		return Snapshot{}, err
	}
	if !strings.HasPrefix(string(text), "# HELP bulkonboard_") {
		return Snapshot{}, fmt.Errorf("%s is not a metrics file of this program", path)
	}
	var s Snapshot
	samples := regexp.MustCompile(`(?m)^bulkonboard_(build_info|last_success_timestamp_seconds)(\{.*\})? (\S+)$`)
	for _, sample := range samples.FindAllStringSubmatch(string(text), -1) {
		s.Environment, s.Ledger = labelValue(sample[2], "environment"), labelValue(sample[2], "ledger")
		if at, err := strconv.ParseFloat(sample[3], 64); err == nil && sample[1] == "last_success_timestamp_seconds" {
			s.LastSuccess = time.UnixMilli(int64(math.Round(at * 1000)))
		}
	}
	return s, nil
}

// labelValue returns the value of a label; "" if the sample has none.
func labelValue(labels, name string) string {
	found := regexp.MustCompile(`[{,]` + name + `=("(?:[^"\\]|\\.)*")`).FindStringSubmatch(labels)
	if found == nil {
		return ""
	}
	value, err := strconv.Unquote(found[1])
	if err != nil {
		return ""
	}
	return value
}
