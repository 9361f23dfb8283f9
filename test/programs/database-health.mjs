// database-health.mjs PORT PSQL SOCKET_DIRECTORY
// A small HTTP API in front of a PostgreSQL: /health is 200 while the database answers a query, otherwise 503 with what
// psql says.
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';

const [port, psql, host] = process.argv.slice(2);
const query = ['-X', '-h', host, '-U', 'stack', '-d', 'postgres', '-Atc', 'SELECT 1'];

createServer((request, response) => {
  if (request.url !== '/health') {
    response.writeHead(404).end();
    return;
  }
  execFile(psql, query, (error, answer, complaint) => {
    response.writeHead(error === null ? 200 : 503).end(error === null ? answer : complaint);
  });
}).listen(Number(port), '127.0.0.1', () => console.log('listening'));
