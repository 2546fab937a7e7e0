package settings

import (
	"bytes"
	"errors"
	"io/fs"
	"os"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// Limits of the files that say how to run.
const (
	maxConfig = limits.Config
	MaxSecret = limits.Secret
)

// readNamedFile reads a file that the operator named, of at most so many bytes, and
// describes the file that was read. It follows links and accepts pipes and
// devices: a secret may come from another program.
func readNamedFile(path string, most int64) ([]byte, fs.FileInfo, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, term.PlainError(err)
	}
	defer f.Close()
	return readOpenFile(f, most)
}

// readOpenFile describes and reads what is open, not what the name leads to by now.
func readOpenFile(f *os.File, most int64) ([]byte, fs.FileInfo, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, nil, term.PlainError(err)
	}
	text, err := limits.ReadAll(f, most)
	if err != nil {
		return nil, nil, term.PlainError(err)
	}
	return text, info, nil
}

// readFoundFile reads a settings file that was only found. It opens the file once,
// without following a link or waiting for a pipe, and judges what it has open,
// so that the file cannot be exchanged between the look and the reading. A file
// that is not safely ours is not read: ignored says why.
func readFoundFile(path string, most int64) (text []byte, ignored string, err error) {
	f, err := openWithoutLinks(path)
	switch {
	case isLinkError(err):
		return nil, "it is a symbolic link", nil
	case errors.Is(err, fs.ErrPermission):
		return nil, "you are not allowed to read it", nil
	case err != nil:
		return nil, "", term.PlainError(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, "", term.PlainError(err)
	}
	if !info.Mode().IsRegular() {
		return nil, "it is not a regular file", nil
	}
	if !ownedByUser(info) || writableByOthers(info) {
		return nil, "you do not own it, or others can write to it", nil
	}
	text, _, err = readOpenFile(f, most)
	return text, "", err
}

// WarnIfWritable warns of a named file that another user of this machine can
// change: what it says decides where the key and the customers go.
func WarnIfWritable(con *term.Console, path string, info fs.FileInfo) {
	if info != nil && info.Mode().IsRegular() && (writableByOthers(info) || !ownedByUserOrRoot(info)) {
		con.Sayf("warning: other users can change %s: take ownership and run chmod go-w on it", path)
	}
}

// ReadSecret reads a file that holds nothing but a key or a secret, and warns if
// others may read it. flag names the file in errors, which never quote it.
func ReadSecret(con *term.Console, flag, path string) ([]byte, error) {
	text, info, err := readNamedFile(path, MaxSecret)
	if err != nil {
		return nil, exit.UsageErrorf("--%s %s: %w", flag, path, err)
	}
	if info.Mode().IsRegular() && readableByOthers(info) {
		con.Sayf("warning: other users can read %s: run chmod 600 on it", path)
	}
	secret := bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\ufeff")))
	if len(secret) == 0 {
		return nil, exit.UsageErrorf("--%s %s is empty", flag, path)
	}
	return secret, nil
}
