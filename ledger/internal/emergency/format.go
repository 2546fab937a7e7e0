package emergency

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// The layout: the header is magic (8), id of the ledger (32), number of its last
// write (8) and the CRC-32C of the number (4); the number of the sender whose write that
// was (8), 0 of a ledger in a file, with a CRC-32C of its own (4); the two tokens, 32
// bytes each, whether the first is in the ledger's file itself (1), and their CRC-32C
// (4). From headSize on there are frames: length (4), CRC-32C (4), one change as JSON;
// a length of zero ends them. Unused bytes are zero, numbers big-endian.
const (
	magic    = "BOLGemg1"
	idAt     = 8
	idSize   = 32
	seqAt    = 40
	seqSize  = 12 // with its checksum
	senderAt = seqAt + seqSize
	headSize = 512

	tokensAt   = 64
	tokenSize  = 32
	tokensSize = 2*tokenSize + 1 // without their checksum
)

// content is what was read of a file.
type content struct {
	end    int64 // where the next frame goes
	seq    int64 // 0 if not readable
	sender int64 // likewise
	kept   []ledger.Change

	token, nextToken string // "" = none, or not readable
	isCheckpointed   bool   // token is in the ledger's file itself, not only in its log
}

// frame is a change with its expectation in a member of its own, because JSON would mix
// up the two fields named Status.
type frame struct {
	Expect ledger.Expect
	Change ledger.Change
}

func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// parseContent reads the bytes of a file. A frame that is cut off ends the list. With an
// id of "" the file may be any ledger's.
func parseContent(b []byte, id string) (c content, err error) {
	if len(b) < headSize || string(b[:idAt]) != magic || id != "" && trimZeros(b[idAt:idAt+idSize]) != id {
		return c, ErrOtherLedger
	}
	if t := b[tokensAt : tokensAt+tokensSize+4]; binary.BigEndian.Uint32(t[tokensSize:]) == checksum(t[:tokensSize]) {
		c.token, c.nextToken, c.isCheckpointed = trimZeros(t[:tokenSize]), trimZeros(t[tokenSize:2*tokenSize]), t[2*tokenSize] != 0
	}
	c.seq, c.sender = readSeq(b[seqAt:]), readSeq(b[senderAt:])
	c.end = headSize
	for rest := b[headSize:]; len(rest) >= 8; {
		n := binary.BigEndian.Uint32(rest)
		if n == 0 || uint64(n) > uint64(len(rest)-8) || checksum(rest[8:8+n]) != binary.BigEndian.Uint32(rest[4:]) {
			break
		}
		var fr frame
		if err := json.Unmarshal(rest[8:8+n], &fr); err != nil {
			return c, fmt.Errorf("an answer in it cannot be read; keep it and ask for help: %w", ledger.ErrDamaged)
		}
		fr.Change.Expect = fr.Expect
		c.kept = append(c.kept, fr.Change)
		rest = rest[8+n:]
		c.end += 8 + int64(n)
	}
	return c, nil
}

func trimZeros(b []byte) string { return string(bytes.TrimRight(b, "\x00")) }

func putHeader(b []byte, id string, seq int64) {
	copy(b, magic)
	copy(b[idAt:idAt+idSize], id)
	putSeq(b[seqAt:], seq)
}

func putSeq(b []byte, seq int64) {
	binary.BigEndian.PutUint64(b, uint64(seq))
	binary.BigEndian.PutUint32(b[8:], checksum(b[:8]))
}

// readSeq reads a number with its checksum; 0 if it is not readable.
func readSeq(b []byte) int64 {
	if binary.BigEndian.Uint32(b[8:]) != checksum(b[:8]) {
		return 0
	}
	return int64(binary.BigEndian.Uint64(b))
}

func appendFrames(b []byte, changes []ledger.Change) ([]byte, error) {
	for _, c := range changes {
		data, err := json.Marshal(frame{c.Expect, c})
		if err != nil {
			return nil, err
		}
		b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
		b = binary.BigEndian.AppendUint32(b, checksum(data))
		b = append(b, data...)
	}
	return b, nil
}

// putTokens writes the tokens with their checksum.
func putTokens(b []byte, token, next string, folded bool) {
	copy(b[:tokenSize], token)
	copy(b[tokenSize:2*tokenSize], next)
	if folded {
		b[2*tokenSize] = 1
	}
	binary.BigEndian.PutUint32(b[tokensSize:], checksum(b[:tokensSize]))
}
