package term

import (
	"bytes"
	"io"
	"log/slog"
	"slices"
	"strings"
)

// MessageEvent is the event under which a line for operators is logged when
// standard error holds JSON lines only.
const MessageEvent = "message"

// WriteJSON chooses whether every line written from now on becomes a JSON object.
func (s *Stream) WriteJSON(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asJSON = on
}

// IsJSON reports whether the stream holds JSON lines only.
func (s *Stream) IsJSON() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asJSON
}

// LogWriter returns where a log is written whose lines are JSON already.
func (s *Stream) LogWriter() io.Writer { return logWriter{s} }

type logWriter struct{ to *Stream }

func (l logWriter) Write(p []byte) (int, error) {
	l.to.mu.Lock()
	defer l.to.mu.Unlock()
	l.to.write(l.to.escapeControls(p))
	return len(p), nil
}

// EndLine ends a line of JSON that no line end has followed: a question to the operator.
func (s *Stream) EndLine() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asJSON && len(s.line) > 0 {
		s.line = append(s.line, '\n')
		s.writeMessages()
	}
}

// writeMessages writes the complete lines as JSON objects. Empty lines say nothing.
func (s *Stream) writeMessages() {
	for {
		line, rest, isComplete := bytes.Cut(s.line, []byte("\n"))
		if !isComplete {
			return
		}
		s.line = rest
		if text := strings.TrimSpace(string(line)); text != "" {
			s.write(messageLine(text))
		}
	}
}

// messageLine returns a line for operators as a line of the log.
func messageLine(text string) []byte {
	var line bytes.Buffer
	log := slog.New(slog.NewJSONHandler(ShellSafeWriter{W: &line}, nil))
	hasPrefix := func(prefix string) bool { return strings.HasPrefix(text, prefix) }
	switch {
	case slices.ContainsFunc([]string{"error: ", "bulkonboard: ", "NOT SAVED"}, hasPrefix):
		log.Error(MessageEvent, "text", text)
	case strings.Contains(strings.ToLower(text), "warning: "): // a table has it in a column
		log.Warn(MessageEvent, "text", text)
	default:
		log.Info(MessageEvent, "text", text)
	}
	return line.Bytes()
}
