// Trusts the server over TLS for the authority that it announced, and for nothing else.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { connect } from 'node:tls';
import { held, issuer, metadata } from './server.mjs';

const addresses = Object.entries(metadata).filter(([name]) => /(_endpoint|_uri)$/.test(name));
assert.equal(addresses.length, 5);
for (const [name, url] of addresses) assert(url.startsWith(`${issuer}/`), name);
assert(issuer.startsWith('https://'));
held('every address is below the https issuer');

// Node.js reads NODE_EXTRA_CA_CERTS when it starts.
const { NODE_EXTRA_CA_CERTS, ...distrusting } = process.env;
assert(NODE_EXTRA_CA_CERTS);
const program = 'fetch(process.argv[1]).catch((error) => console.log(error.cause.code))';
const asking = ['--eval', program, metadata.jwks_uri];
const { stdout } = spawnSync(process.execPath, asking, { env: distrusting, encoding: 'utf8' });
assert.match(stdout, /UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT/);
held('whoever does not know the authority refuses the server');

const { hostname: host, port } = new URL(issuer);
const refused = await new Promise((done) => {
  connect({ host, port, servername: 'other.example' }).once('error', done);
});
assert.equal(refused.code, 'ERR_TLS_CERT_ALTNAME_INVALID');
held('the server is refused under another name');
