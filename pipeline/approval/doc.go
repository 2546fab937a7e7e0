// Package approval has plans that a second person approves before they are carried
// out: what a plan binds, how a run is compared with it, who may decide, how a
// decision is signed, and the form of a plan in a file. Start at [Terms], then
// [Compare].
//
// It is pure: it opens no file and no ledger, knows no clock and no network. The
// command line and the finance page use it alike. Saved plans are kept by
// ledger.Plans, which also has the transitions:
//
//	state     what may become of it
//	made      approved or declined, by CheckDecider's rule; void; expires
//	approved  running, when a run begins with it; void; expires
//	declined  nothing
//	running   running, when the same command continues after a kill, a signal or
//	          exit codes 4, 6 and 8; used, when its run ends otherwise; void; expires
//	used      nothing
//	void      nothing: the ledger was put back from a copy, which cannot know what
//	          was done with the plan since
//
// There is no draft: a plan that is not saved is only shown. Expiry is judged when a
// decision or a run begins, and interrupts neither.
//
// # What is promised
//
// A run that carries out a plan sends rows of the approved list only, to the approved
// partner, host and account, with the approved key, for no more money. Whatever
// differs ends it before anything is sent.
//
// It is not a defence against whoever can write the ledger's file or replace the
// program. A signature shows that the owner of a key saw these terms. That the key is
// another person's is for the owner of the list of approvers to know.
package approval
