import { svelte } from '@sveltejs/vite-plugin-svelte';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

// Lays a packed copy beside each written file that gains by it; the analyzer hands it to who understands it. Only what lies on the
// disk is final: other plugins change the bundle until it is written.
function packed(): Plugin {
  return {
    name: 'packed',
    apply: 'build',
    writeBundle({ dir }) {
      for (const name of readdirSync(dir ?? 'dist', { recursive: true, encoding: 'utf8' })) {
        if (!/\.(js|css|html|svg)$/.test(name)) continue;
        const path = join(dir ?? 'dist', name);
        const text = readFileSync(path);
        const small = gzipSync(text, { level: 9 });
        if (small.length + 100 < text.length) writeFileSync(`${path}.gz`, small);
      }
    },
  };
}

// `npm run dev` shows the pages against an analyzer that listens on its usual port.
export default defineConfig({
  plugins: [svelte(), packed()],
  build: { target: 'es2022', sourcemap: false, assetsInlineLimit: 0 },
  server: { proxy: { '/api': 'http://127.0.0.1:8080' } },
});
