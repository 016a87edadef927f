# shellcheck shell=bash
# Completes `mf` on a TAB: its verbs, and after a verb the options that its help names.
# Loaded by bash-completion; asks `mf help`, which needs neither root nor a running stack.

_mf() {
  local word=${COMP_WORDS[COMP_CWORD]} mf=/opt/microflack/checkout/scripts/mf words
  if ((COMP_CWORD == 1)); then
    words=$("$mf" help 2>/dev/null | awk '/^  / { print $1 }')
  else
    words=$("$mf" "${COMP_WORDS[1]}" --help 2>/dev/null | grep -oE -- '--[a-z-]+' | sort -u)
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -F _mf mf
