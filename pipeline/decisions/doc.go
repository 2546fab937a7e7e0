// Package decisions settles at once what many cells of a list have in common: what
// a word means, which country phone numbers are of, which rows are no customers.
//
// A [Decision] is one such choice. It is a flag of the command line, an entry of the
// map file, a part of the reading settings (and so of the batch's fingerprint), and
// an entry of the ledger's log with who made it and when. There are these kinds:
//
//	kind         flag                            decides
//	Word         --value FIELD:FROM=TO           what a word of a column means; consent word by word only
//	PhoneRegion  --phone-region CC or column     the country of numbers without a country code
//	PhonePlus    --phone-plus                    numbers of digits only have lost their +
//	Join         --join FIELD=COLUMN+COLUMN      one field is in several columns
//	LeaveOut     --leave-out struck-out          rows with a line through them are not sent
//	             --leave-out no-customer         rows without e-mail and nearly empty are not sent
//
// A [Proposer] finds the decisions that would help a list. Nothing is applied unasked,
// and two things hold of what it proposes, applied in its order:
//
//   - No row that is good becomes bad, and no number that can be read becomes another
//     one. [Evaluate] makes sure of it over all rows, by the rules that a run uses.
//   - No row becomes good whose customer did not accept the terms by a word that an
//     operator decided on.
//
// Nothing in here is for several goroutines at once.
package decisions
