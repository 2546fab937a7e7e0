package term

// cut drops the last entries of cuttable parts until the page fits: of those that
// are cut first, then of the largest. The first entry of a part stays.
func (p *Page) cut(blocks [][][]string, hidden []int, columns int) {
	for p.countLines(blocks, hidden, columns) > p.MaxLines {
		largest, isFirst := -1, false
		for i, part := range p.parts {
			if part.more == nil || len(blocks[i]) < 2 {
				continue
			}
			first := part.keep > 0 && len(blocks[i]) > part.keep
			if largest < 0 || first && !isFirst || first == isFirst && countLines(blocks[i], columns) > countLines(blocks[largest], columns) {
				largest, isFirst = i, first
			}
		}
		if largest < 0 {
			return
		}
		blocks[largest] = blocks[largest][:len(blocks[largest])-1]
		hidden[largest]++
		if p.parts[largest].isExtra && len(blocks[largest]) == 1 {
			blocks[largest], hidden[largest] = nil, 0
		}
	}
}

// countLines counts the lines of a terminal before what to do next.
func (p *Page) countLines(blocks [][][]string, hidden []int, columns int) (n int) {
	for i, part := range p.parts {
		if part.gap && len(blocks[i]) > 0 {
			n++
		}
		if part.isNext {
			continue
		}
		n += countLines(blocks[i], columns)
		if hidden[i] > 0 {
			n++
		}
	}
	return n
}

// countLines counts the lines of a terminal. It breaks a command that is too long.
func countLines(block [][]string, columns int) (n int) {
	for _, lines := range block {
		for _, line := range lines {
			n += linesOf(line, columns)
		}
	}
	return n
}

// linesOf returns how many lines of a terminal a line fills.
func linesOf(line string, columns int) int {
	return max(1, (width(line)+columns-1)/max(1, columns))
}
