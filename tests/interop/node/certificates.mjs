// Certificates that OpenSSL makes, and requests that show them.
import { execFileSync } from 'node:child_process';
import { X509Certificate, createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'avouch-interop-'));
process.on('exit', () => rmSync(folder, { recursive: true }));
const authorities = process.env.AVOUCH_CLIENT_AUTHORITY;
let made = 0;

/** A certificate of this subject, signed by itself or, with `by`, by an authority. */
function certificate(subject, { names, by = [] }) {
  made += 1;
  const [key, cert] = ['key', 'pem'].map((ending) => join(folder, `${made}.${ending}`));
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
    '-days', '30', '-subj', subject, '-addext', 'basicConstraints=critical,CA:FALSE',
    '-addext', 'extendedKeyUsage=clientAuth',
    ...(names ? ['-addext', `subjectAltName=${names}`] : []), ...by,
    '-keyout', key, '-out', cert,
  ], { stdio: 'pipe' });
  return read(cert, key);
}

function read(certFile, keyFile) {
  const [cert, key] = [certFile, keyFile].map((file) => readFileSync(file));
  const { raw, publicKey } = new X509Certificate(cert);
  return {
    cert,
    key,
    /** Its `x5t#S256` (RFC 8705 section 3.1). */
    thumbprint: createHash('sha256').update(raw).digest('base64url'),
    jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), x5c: [raw.toString('base64')] }] },
  };
}

/** One by the authority that the server trusts. */
export const vouched = (subject, names) => certificate(subject, {
  names,
  by: ['-CA', join(authorities, 'client-ca.pem'), '-CAkey', join(authorities, 'client-ca.key')],
});

/** One that nobody stands for. */
export const selfSigned = (subject) => certificate(subject, {});

/** The `fetch` of who shows this certificate. */
export const showing = ({ cert, key }) => (url, { method, headers, body }) =>
  new Promise((done, failed) => {
    const options = {
      method, headers: Object.fromEntries(new Headers(headers)), cert, key, agent: false,
    };
    request(url, options, async (answer) => {
      const { statusCode: status, headers: answered } = answer;
      const content = Buffer.concat(await answer.toArray());
      done(new Response(content, { status, headers: answered }));
    }).once('error', failed).end(body?.toString());
  });
