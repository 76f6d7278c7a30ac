// npm run build
import { build } from './run.mjs';

build(true);
