// @ts-check

// The JSON bodies of the server, as package api documents them.

/**
 * @typedef {{code: string, sentence: string, whatToDo: string, revision?: number, changedBy?: string, differs?: string[], shortfall?: string, covers?: number, open?: string}} ApiError
 *
 * @typedef {object} Target
 * @property {string} environment
 * @property {boolean} rehearsal
 * @property {boolean} live
 * @property {string} host
 * @property {string} account
 * @property {string} key
 * @property {string} ledger
 * @property {string} wallet
 * @property {string} currency
 * @property {string} walletProblem
 * @property {string} version
 *
 * @typedef {object} Session
 * @property {string} user
 * @property {("prepare"|"approve"|"see")[]} roles
 * @property {boolean} team
 * @property {Target} target
 * @property {{idle: string, last: string}} until
 * @property {{who: string, since: string, what: string}|null} held
 * @property {{upload: number, rows: number}} limits
 *
 * @typedef {object} Counts
 * @property {number} rows
 * @property {number} ready
 * @property {number} toCorrect
 * @property {number} repeats
 * @property {number} leftOut
 * @property {number} look
 * @property {number} edited
 * @property {number} cells
 *
 * @typedef {object} ListSummary
 * @property {string} id
 * @property {string} name
 * @property {string} owner
 * @property {boolean} mine
 * @property {string} madeAt
 * @property {string} changedAt
 * @property {"unsettled"|"checking"|"checked"|"failed"} state
 * @property {Counts} counts
 * @property {number} revision
 * @property {number} origin
 *
 * @typedef {object} Column
 * @property {number} index
 * @property {string} letter
 * @property {string} heading
 * @property {string} field
 * @property {string} foundBy
 * @property {number} filled
 * @property {string[]} examples
 * @property {boolean} hidden
 *
 * @typedef {object} Field
 * @property {string} name
 * @property {boolean} required
 * @property {boolean} defaultable
 * @property {number} column
 * @property {string[]} choices
 * @property {string} rule
 * @property {string} example
 * @property {number[]} near
 *
 * @typedef {object} ListSettings
 * @property {string} sheet
 * @property {number} headerRow
 * @property {string} encoding
 * @property {string} delimiter
 * @property {Record<string, string>} columns
 * @property {Record<string, string>} defaults
 * @property {string} id
 *
 * @typedef {object} Finding
 * @property {number} column
 * @property {string} field
 * @property {string} code
 * @property {string} kind
 * @property {string} message
 * @property {boolean} warning
 *
 * @typedef {object} Row
 * @property {number} number
 * @property {string[]} cells
 * @property {string} status
 * @property {string} leftOut
 * @property {Finding[]} findings
 * @property {Record<number, string>} was
 * @property {number} repeats
 *
 * @typedef {object} Kind
 * @property {string} id
 * @property {"decide"|"correct"|"look"|"repeat"} group
 * @property {string} field
 * @property {string} heading
 * @property {string} code
 * @property {string} title
 * @property {string} sentence
 * @property {string} whatToDo
 * @property {boolean} warning
 * @property {number} cells
 * @property {{text: string, cells: number, means: string}[]} values
 *
 * @typedef {object} Decision
 * @property {number} id
 * @property {string} kind
 * @property {string} field
 * @property {string} from
 * @property {string} to
 * @property {string[]} columns
 * @property {string} text
 * @property {string} by
 * @property {string} at
 *
 * @typedef {Decision & {settled: number, ready: number, harmed: number, harm: string, examples: {row: number, before: string, after: string}[]}} Proposal
 *
 * @typedef {{status: string, field: string, code: string, count: number}} Problem
 *
 * @typedef {object} Change
 * @property {number} id
 * @property {string} kind
 * @property {string} text
 * @property {string} by
 * @property {string} at
 * @property {number} cells
 * @property {boolean} undone
 *
 * @typedef {object} ListDetails
 * @property {number} size
 * @property {string} sha256
 * @property {string} kind
 * @property {{rows: number, total: number, perSecond: number}|null} progress
 * @property {ApiError|null} refusal
 * @property {{encoding: string, words: string[]}[]} readings
 * @property {{name: string, rows: number, hidden: boolean, read: boolean}[]} sheets
 * @property {{number: number, cells: string[], header: boolean}[]} head
 * @property {Column[]} columns
 * @property {Field[]} fields
 * @property {string[]} missing
 * @property {string[]} unclear
 * @property {{code: string, message: string, warning: boolean}[]} notes
 * @property {ListSettings} settings
 * @property {Record<string, number>} statuses
 * @property {Problem[]} problems
 * @property {Kind[]} kinds
 * @property {Proposal[]} proposals
 * @property {Proposal[]} withheld
 * @property {Decision[]} decisions
 * @property {Change[]} changes
 * @property {number} unlisted
 * @property {string} command
 * @property {string} plan
 * @property {OfferedMapping|null} offered
 *
 * @typedef {object} OfferedMapping
 * @property {string} name
 * @property {Record<string, string>} columns
 * @property {Record<string, string>} defaults
 * @property {string} id
 * @property {Decision[]} decisions
 *
 * @typedef {{file: string, command: string}} KeptMapping
 *
 * @typedef {ListSummary & ListDetails} List
 *
 * @typedef {object} Edited
 * @property {Change} change
 * @property {number} revision
 * @property {Row[]} rows
 * @property {List["state"]} state
 * @property {Counts} counts
 * @property {Record<string, number>} statuses
 * @property {Problem[]} problems
 * @property {Kind[]} kinds
 *
 * @typedef {{row: number, column: number, from: string, to: string}} CellEdit
 *
 * @typedef {object} PlanSummary
 * @property {string} id
 * @property {string} list
 * @property {number} revision
 * @property {string} name
 * @property {"waiting"|"approved"|"declined"|"expired"|"stale"|"running"|"used"|"void"} state
 * @property {string} maker
 * @property {boolean} mine
 * @property {string} madeAt
 * @property {string} expiresAt
 * @property {number} send
 * @property {string} atMost
 * @property {number} run
 *
 * @typedef {object} PlanDetails
 * @property {Target} target
 * @property {number} rows
 * @property {number} known
 * @property {{status: string, code: string, rows: number, text: string}[]} leftOut
 * @property {number} toCorrect
 * @property {number} inDoubt
 * @property {string} fee
 * @property {string} currency
 * @property {string} wallet
 * @property {string} remains
 * @property {string} shortfall
 * @property {number} covers
 * @property {number} seconds
 * @property {number} limit
 * @property {string} fingerprint
 * @property {string} rowDigest
 * @property {string} digest
 * @property {string[]} approvers
 * @property {ApiError|null} blocked
 * @property {string[]} differs
 * @property {{run: number, at: string, rows: number, created: number, added: number, gone: number}|null} lastRun
 * @property {number[]} sampleRows
 * @property {{plan: string, maker: string, rows: number}[]} overlaps
 * @property {string[]} warnings
 * @property {Row[]} sample
 * @property {Column[]} columns
 * @property {Decision[]} decisions
 * @property {{approves: boolean, by: string, at: string, comment: string}|null} decided
 * @property {string} command
 * @property {string} runCommand
 *
 * @typedef {PlanSummary & PlanDetails} Plan
 *
 * @typedef {object} Run
 * @property {number} id
 * @property {string} plan
 * @property {string} list
 * @property {string} name
 * @property {number} origin
 * @property {"starting"|"sending"|"waiting"|"stopping"|"finished"|"stopped"} state
 * @property {string} startedAt
 * @property {string|null} finishedAt
 * @property {string} by
 * @property {number} total
 * @property {number} sent
 * @property {number} created
 * @property {number} problems
 * @property {number} inDoubt
 * @property {Record<string, number>} statuses
 * @property {number} perSecond
 * @property {string|null} endsAt
 * @property {string} wallet
 * @property {string} charged
 * @property {string} currency
 * @property {string} waits
 * @property {string[]} warnings
 * @property {ApiError|null} stop
 * @property {number|null} exitCode
 *
 * @typedef {object} LogEntry
 * @property {string} at
 * @property {string} user
 * @property {string} from
 * @property {string} action
 * @property {string} [list]
 * @property {string} [plan]
 * @property {number} [run]
 * @property {number} [rows]
 * @property {string} [detail]
 *
 * @typedef {object} Report
 * @property {Run} run
 * @property {Problem[]} causes
 * @property {Kind[]} kinds
 * @property {number} links
 * @property {LogEntry[]} exports
 * @property {number} rejects
 * @property {{command: string, at: string}|null} exported
 * @property {ListSummary[]} lists
 * @property {Run[]} runs
 * @property {boolean} mayLinks
 * @property {KYC} kyc
 *
 * @typedef {object} KYC
 * @property {number} users
 * @property {boolean} hasNews
 * @property {number} opened
 * @property {number} pending
 * @property {number} approved
 * @property {number} denied
 * @property {number} working
 * @property {number} dead
 * @property {number} noLink
 * @property {{text: string, users: number}[]} reasons
 *
 * @typedef {{row: number, email: string, name: string, url: string}} Link
 */

export {};
