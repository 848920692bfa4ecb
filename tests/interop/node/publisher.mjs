// A web server for what a party publishes: its pages by path, each a function of the response.
import { createServer } from 'node:http';

export async function publish(pages) {
  const server = createServer((request, response) => pages[request.url](response));
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    at: (path) => `http://127.0.0.1:${server.address().port}${path}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export const document = (response, type, body) =>
  response.writeHead(200, { 'Content-Type': type }).end(body);

export const keySet = (response, keys) =>
  document(response, 'application/jwk-set+json', JSON.stringify({ keys }));
