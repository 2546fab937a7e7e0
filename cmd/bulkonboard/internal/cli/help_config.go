package cli

const configText = `A setting is taken from the first of these that has it:

  1. the flag
  2. the environment variable BULKONBOARD_<FLAG>: --max-new is BULKONBOARD_MAX_NEW
  3. the config file, YAML: the flag's name without dashes, and its value; a list
     or FIELD: VALUE lines where the flag is repeatable
  4. the default

The config file is the one of --config, else bulkonboard.yaml in the working
directory if you own it and nobody else can write to it. A file that was only
found there may set rate, burst, workers, lock-timeout, quiet, json, log-format
and no-progress; anything else in it is a mistake, since whoever filled the
directory could choose where the key and the customers go. Name it with --config.

bulkonboard config check tries all of it and tells every mistake with its line.

The API key is never a flag or a setting: --api-key-file FILE, or the environment
variable BULKONBOARD_API_KEY, or the terminal asks for it. A proxy's password is
taken from BULKONBOARD_PROXY, HTTPS_PROXY with --proxy=env, or a named config file,
never from the command line.

    # onboarding.yaml, named with --config
    rate: 10/s
    phone-region: DE
    report: [staff.xlsx, staff.csv]
    map:
      email: E-Mail (private)
`
