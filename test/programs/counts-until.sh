#!/bin/sh
# counts-until.sh DIRECTORY BURST PAUSE EXIT: writes down who it is in DIRECTORY/pids (its line of /proc/PID/stat); prints
# 1, 2, 3 … in bursts of BURST lines, `marker N` on standard error after each, PAUSE seconds apart, until DIRECTORY/stop
# is there; writes how far it came to DIRECTORY/count and ends with EXIT.
read -r stat </proc/self/stat
echo "$stat" >>"$1/pids"
n=0
until [ -e "$1/stop" ]; do
  i=0
  while [ "$i" -lt "$2" ]; do i=$((i + 1)) n=$((n + 1)); echo "$n"; done
  [ "$2" -eq 0 ] || echo "marker $n" >&2
  sleep "$3"
done
echo "$n" >"$1/count.new"
mv "$1/count.new" "$1/count"
exit "$4"
