import { svelte } from '@sveltejs/vite-plugin-svelte';
import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

// Lays a packed copy beside each file that gains by it; the analyzer hands it to who understands it.
function packed(): Plugin {
  return {
    name: 'packed',
    generateBundle(_, bundle) {
      for (const [name, file] of Object.entries(bundle)) {
        if (!/\.(js|css|html|svg)$/.test(name)) continue;
        const text = file.type === 'chunk' ? file.code : file.source;
        const small = gzipSync(text, { level: 9 });
        if (small.length + 100 < text.length) this.emitFile({ type: 'asset', fileName: `${name}.gz`, source: small });
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
