// Publishes the keys of a client and of a resource server at a jwks_uri and changes them while they
// authenticate as oauth4webapi does.
import assert from 'node:assert/strict';
import { signingKey, signs } from './asserter.mjs';
import { grant, introspect, oauth, registerClient, registerResourceServer } from './oauth.mjs';
import { keySet, publish } from './publisher.mjs';
import { held } from './server.mjs';

const [first, second, never] = await Promise.all(
  ['first', 'second', 'never published'].map((kid) => signingKey('Ed25519', kid)),
);
const published = [first.publicJwk, { kty: 'tomorrow', kid: 'a kind of key that is not known yet' }];
let asked = 0;
const publisher = await publish({
  '/keys': (response) => {
    asked += 1;
    keySet(response, published);
  },
  '/gone': (response) => response.writeHead(404).end(),
});
const metadata = (path) =>
  ({ token_endpoint_auth_method: 'private_key_jwt', jwks_uri: publisher.at(path) });
const rs = await registerResourceServer(metadata('/keys'));
const client = await registerClient(metadata('/keys'));

const by = (key) => signs(oauth, key);
const REFUSED = { name: 'WWWAuthenticateChallengeError', status: 401 };

const token = await grant(client, by(first));
assert.equal((await introspect(rs, token, by(first))).active, true);
assert.equal(asked, 1);
held('published keys are fetched once for all who publish there');

published.unshift(second.publicJwk);
assert.equal((await introspect(rs, token, by(second))).active, true);
assert.equal(asked, 2);
held('an unknown kid makes the server look again');

await grant(client, by(first));
await grant(client, by(second));
assert.equal(asked, 2);
held('the older key and the newer one are good');

for (let times = 0; times < 5; times += 1) {
  await assert.rejects(introspect(rs, token, by(never)), REFUSED);
  await assert.rejects(grant(client, by(never)), REFUSED);
}
assert.equal(asked, 2);
held('a kid that is never published is refused, and not looked for again at once');

const lost = await registerClient(metadata('/gone'));
await assert.rejects(grant(lost, by(first)), REFUSED);
held('nobody authenticates by keys that cannot be fetched');
publisher.close();
