#!/bin/sh
# database-worker.sh PSQL SOCKET_DIRECTORY
# Numbers lines from 1, ten a second, and writes each number into the database as a row; says so where that fails.
query() { "$psql" -X -q -h "$host" -U stack -d postgres -c "$1" 2>&1; }
psql=$1 host=$2 number=0
query 'CREATE TABLE IF NOT EXISTS beat (number bigint)' >/dev/null
while :; do
  number=$((number + 1))
  if query "INSERT INTO beat VALUES ($number)" >/dev/null; then echo "$number stored"; else echo "$number lost"; fi
  sleep 0.1
done
