# A client and a resource server that prove themselves with a certificate (RFC 8705), with curl, and
# with OpenSSL to make and to measure certificates. The one of an authority was made by the server.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
resource=https://api.example
statement=application/token-introspection+jwt

held() { echo "held: $1"; }
fail() { echo "failed: $1" >&2; exit 1; }

# What is at this address: `ask URL OPTIONS`. The status goes to a file.
ask() {
  url=$1; shift
  curl -q -sS --max-time 30 --cacert "$NODE_EXTRA_CA_CERTS" -o "$folder/body" -w '%{http_code}' "$@" "$url" > "$folder/status"
  cat "$folder/body"
}
is() { [ "$(cat "$folder/status")" = "$1" ] || fail "$2: $(cat "$folder/status") $(cat "$folder/body")"; }
member() { sed -n 's/.*"'"$1"'" *: *"\([^"]*\)".*/\1/p'; }
base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
thumbprint() { openssl x509 -in "$1" -outform DER | openssl dgst -sha256 -binary | base64url; }

# The claims of a statement, without looking at its signature: others do that.
claims() {
  part=$(cut -d. -f2 | tr '_-' '/+')
  while [ $((${#part} % 4)) -ne 0 ]; do part="$part="; done
  printf %s "$part" | openssl base64 -d -A
}

# Registers a party and prints its id.
register() {
  ask "$AVOUCH_ISSUER/register" -H "Authorization: Bearer $AVOUCH_INITIAL_ACCESS_TOKEN" \
    -H 'Content-Type: application/json' -d "$1" | member client_id
  is 201 registration
}

metadata=$(ask "$AVOUCH_ISSUER/.well-known/oauth-authorization-server")
aliases=$(echo "$metadata" | sed 's/.*"mtls_endpoint_aliases":{\([^}]*\)}.*/{\1}/')
for endpoint in token introspection revocation; do
  eval "$endpoint=\$(echo \"\$aliases\" | member ${endpoint}_endpoint)"
  eval "alias=\$$endpoint"
  case $alias in "$AVOUCH_MTLS_URL"/*) ;; *) fail "$endpoint at $alias" ;; esac
done
held 'the aliases are where certificates are asked for'

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=alone" \
  -keyout "$folder/alone.key" -out "$folder/alone.pem" 2> /dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/$AVOUCH_CLIENT_SUBJECT" \
  -keyout "$folder/wrong.key" -out "$folder/wrong.pem" 2> /dev/null
point() { openssl x509 -in "$folder/alone.pem" -noout -pubkey | openssl pkey -pubin -outform DER | tail -c 64; }
jwks='{"keys":[{"kty":"EC","crv":"P-256","x":"'$(point | head -c 32 | base64url)'","y":"'$(point | tail -c 32 | base64url)'",
  "x5c":["'$(openssl x509 -in "$folder/alone.pem" -outform DER | openssl base64 -A)'"]}]}'

# Goes from registration to revocation: `walk WHAT METADATA CERTIFICATE KEY`.
walk() {
  rs=$(register '{"grant_types":[],"resource":"'$resource'",'"$2"'}')
  client=$(register '{"grant_types":["client_credentials"],"tls_client_certificate_bound_access_tokens":true,'"$2"'}')
  grant() { ask "$token" -d grant_type=client_credentials -d resource=$resource -d "client_id=$client" "$@"; }
  introspect() { ask "$introspection" -H "Accept: $statement" -d "client_id=$rs" -d "token=$issued" "$@"; }
  revoke() { ask "$revocation" -d "client_id=$client" -d "token=$issued" "$@"; }

  issued=$(grant --cert "$3" --key "$4" | member access_token)
  is 200 grant
  told=$(introspect --cert "$3" --key "$4" | claims)
  is 200 introspection
  case $told in *'"active":true'*) ;; *) fail "it is not active: $told" ;; esac
  [ "$(echo "$told" | member 'x5t#S256')" = "$(thumbprint "$3")" ] || fail "bound to another: $told"
  held "a token is bound to the certificate with $1"

  for call in grant introspect revoke; do
    $call --cert "$folder/wrong.pem" --key "$folder/wrong.key" > /dev/null
    is 401 "$call with a wrong certificate"
    [ "$(member error < "$folder/body")" = invalid_client ] || fail "$call: $(cat "$folder/body")"
    $call > /dev/null
    is 400 "$call without certificate"
  done
  held "refused: a wrong certificate and none for $1"

  revoke --cert "$3" --key "$4" > /dev/null
  is 200 revocation
  told=$(introspect --cert "$3" --key "$4" | claims)
  case $told in *'"token_introspection":{"active":false}'*) ;; *) fail "it is not revoked: $told" ;; esac
  held "$1 authenticates for grant, introspection and revocation"
}

walk 'a subject' \
  '"token_endpoint_auth_method":"tls_client_auth","tls_client_auth_subject_dn":"'"$AVOUCH_CLIENT_SUBJECT"'"' \
  "$AVOUCH_CLIENT_CERTIFICATE" "$AVOUCH_CLIENT_KEY"
walk 'a registered certificate' '"token_endpoint_auth_method":"self_signed_tls_client_auth","jwks":'"$jwks" \
  "$folder/alone.pem" "$folder/alone.key"
