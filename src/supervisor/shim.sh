# Holds one job: its start gate, its sinks, its exit record. Run by sh in a session of its own; $1 is the launch script, $2 is
# `subreaper` where this shell is the one child of a subreaper, and `alone` otherwise. For a program of another user, $3 is
# user:group in numbers, and the rest the shell of that user.
#
# Descriptors: 0 the program's standard input; 2 this shell's own messages; 3 the exit record (prefilled, written in
# place); 4 and 5 the log files, opened for append; 6 the gate, a socket to the server.
# The program's subshell says who it is, waits at the gate, and becomes the program in a session of its own. Where memory is
# short it goes before the server, this shell and the sinks: its score is higher (proc_pid_oom_score_adj(5); at most 1000).
# The traps do nothing but keep this shell alive; exec resets them, so the program is not shielded.
trap : HUP INT QUIT TERM USR1 USR2 PIPE ALRM
{
  trap : HUP INT QUIT TERM USR1 USR2 PIPE ALRM
  {
    trap : HUP INT QUIT TERM USR1 USR2 PIPE ALRM
    (
      read -r stat </proc/self/stat
      printf '%s\n' "$stat" >&6
      if read -r score </proc/self/oom_score_adj; then
        score=$((score > 700 ? 1000 : score + 300))
        printf '%s\n' "$score" >/proc/self/oom_score_adj
      fi 2>/dev/null
      read -r word <&6
      # `text`: the launch script follows through the gate, since it has secrets and no file may have it.
      case "$word" in
        go | text) ;;
        *) printf '%-15s\n' aborted >&3; exit 125 ;;
      esac
      printf '%-15s\n' started >&3
      # Only who owns a pipe can open /dev/stdout and /dev/stderr once more. Nothing of a request is read before the user
      # has changed: a variable could make a program do anything.
      [ $# -lt 4 ] || chown "$3" /proc/self/fd/7 /proc/self/fd/8 2>/dev/null
      if [ $# -lt 4 ]; then
        text=
        [ "$word" = go ] || text=$(cat <&6)
        exec >&7 2>&8 3>&- 4>&- 5>&- 6>&- 7>&- 8>&-
        [ "$word" = go ] || { eval "$text"; exit; }
        . "$1"
        exit
      fi
      exec 9<&0
      if [ "$word" = go ]; then exec <"$1"; else exec <&6; fi
      exec >&7 2>&8 3>&- 4>&- 5>&- 6>&- 7>&- 8>&-
      shift 3
      exec "$@"
    )
    printf '%-15s\n' "exit $?" >&3
  } 7>&1 | { trap '' HUP INT QUIT TERM; exec cat >&4 3>&- 4>&- 5>&- 6>&- 8>&-; }
} 8>&1 >/dev/null | { trap '' HUP INT QUIT TERM; exec cat >&5 3>&- 4>&- 5>&- 6>&-; }
# Under a subreaper it stays until its parent has no other child: whatever the job has left behind keeps the parent by
# which it is known.
alone=
if [ "${2-}" = subreaper ]; then
  # No newline ends that file, so read fails at its end; it holds nothing where the subreaper is gone.
  while children= && { read -r children <"/proc/$PPID/task/$PPID/children" || [ -n "$children" ]; }; do
    if [ "$children" = "$$" ]; then alone=' alone'; break; fi
    sleep 0.2
  done
fi
printf '%-15s\n' "drained$alone" >&3
