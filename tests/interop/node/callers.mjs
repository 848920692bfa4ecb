// Whom a certificate authenticates, and who is not: each way to register, a certificate that is
// what was registered, and those that are not.
import { selfSigned, vouched } from './certificates.mjs';

const NAMES = 'DNS:shop.example,URI:urn:example:shop,IP:192.0.2.7,email:it@shop.example';
const shop = vouched('/C=DE/O=Shop Ltd/CN=shop', NAMES);
const other = vouched('/C=DE/O=Other Ltd/CN=shop', 'DNS:other.example,IP:192.0.2.8');
const nobodys = selfSigned('/C=DE/O=Shop Ltd/CN=shop');
const alone = selfSigned('/CN=alone');

const named = (name, value) => ({
  metadata: { token_endpoint_auth_method: 'tls_client_auth', [`tls_client_auth_${name}`]: value },
  certificate: shop,
  others: { 'another name': other, 'a certificate nobody stands for': nobodys },
});

export const CALLERS = {
  'a subject': named('subject_dn', 'CN=shop,O=Shop Ltd,C=DE'),
  'a host name': named('san_dns', 'shop.example'),
  'a URI': named('san_uri', 'urn:example:shop'),
  'an IP address': named('san_ip', '192.0.2.7'),
  'a mail address': named('san_email', 'it@shop.example'),
  'a registered certificate': {
    metadata: { token_endpoint_auth_method: 'self_signed_tls_client_auth', jwks: alone.jwks },
    certificate: alone,
    others: { 'another of the same name': selfSigned('/CN=alone'), 'one of an authority': shop },
  },
};
