#!/bin/sh
# escapes.sh FILE: does what a program can do to outlive its end, ignores TERM, and waits. A child stops itself; a grandchild
# leaves by two forks, two sessions and an empty environment; another goes on forking. All write their pids to FILE.
trap '' TERM
echo $$ >>"$1"
sh -c 'echo $$ >>"$1"; kill -STOP $$; exec sleep 1000' sh "$1" &
env -i setsid sh -c '
  (env -i setsid sh -c "echo \$\$ >>\"\$1\"; echo >\"\$1.escaped\"; exec sleep 1000" sh "$1" >/dev/null 2>&1 &)
' sh "$1" >/dev/null 2>&1 &
env -i setsid sh -c '
  echo $$ >>"$1"
  n=0
  while [ $n -lt 2000 ]; do
    n=$((n + 1))
    sh -c "echo \$\$ >>\"\$1\"; exec sleep 1000" sh "$1" &
    sleep 0.01
  done
  wait
' sh "$1" >/dev/null 2>&1 &
until [ -e "$1.escaped" ]; do sleep 0.01; done
echo ready
wait
while :; do sleep 1000; done
