package inert

import "fmt"

// copyTables copies the tables of a sheet, and returns the ids of their
// relationships.
func (c *copier) copyTables(rels []relation, out *relList) (ids []string, err error) {
	for _, r := range rels {
		if r.kind != "table" || r.target == "" {
			continue
		}
		data, err := c.from.readPart(r.target)
		if err != nil {
			return nil, err
		}
		if data == nil {
			continue
		}
		inner, err := c.from.readRelations(r.target)
		if err != nil {
			return nil, err
		}
		for _, r := range inner {
			c.countDropped(relationKind(r.kind), 1)
		}
		text, err := c.byGrammar(tableGrammar, mainSpace, strictSpace)(data)
		if err != nil {
			return nil, err
		}
		c.tables++
		ids = append(ids, out.addRelation("table", fmt.Sprintf("../tables/table%d.xml", c.tables)))
		if err := c.to.addPart(fmt.Sprintf("xl/tables/table%d.xml", c.tables), sheetType+"table+xml", text); err != nil {
			return nil, err
		}
	}
	return ids, nil
}
