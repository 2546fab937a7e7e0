package tables

import (
	"context"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// EraseCustomers removes what is known of customers, except that they are forgotten.
func (c *Reader) EraseCustomers(ctx context.Context, ids []int64) error {
	list := ids
	const these = "IN (SELECT value FROM json_each(?))"
	var marks []int64
	if err := c.LinesWhere(ctx, ledger.Selection{All: true}, ReviewedLine, nil, "r.customer "+these, []any{list}, func(n *Line) error {
		if n.Mark != 0 {
			marks = append(marks, n.Mark)
		}
		return nil
	}); err != nil {
		return err
	}
	if err := c.Exec(ctx, "DELETE FROM reported WHERE mark "+these, marks); err != nil {
		return err
	}
	for _, text := range []string{
		"DELETE FROM kyc WHERE service_id IN (SELECT service_id FROM customer WHERE id " + these + ")",
		"DELETE FROM kyc WHERE service_id IN (SELECT removes FROM attempt WHERE customer " + these + ")",
		"DELETE FROM attempt WHERE customer " + these,
		"UPDATE input_row SET identity = '', email = '', first_name = '', last_name = '', sender_id = '', carry = '', details = NULL, name_mark = 0, recall = 0 WHERE customer " + these,
		`UPDATE customer SET status = 'forgotten', generation = 0, intents = 0, attempts = 0, identity = NULL, email = '', first_name = '', last_name = '', sender_id = '',
			details = NULL, sender_number = '', name_mark = 0, service_id = '', service_mark = 0, url = '', url_mark = 0, issued_us = NULL, pairing = '', field = '', code = '', message = '',
			manual = 0, http_status = 0, key = '', first_sent_us = NULL, decided_us = NULL WHERE id ` + these,
	} {
		if err := c.Exec(ctx, text, list); err != nil {
			return err
		}
	}
	return nil
}
