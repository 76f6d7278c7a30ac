// npm run setup: everything installed and compiled.
import { build, install } from './run.mjs';

install();
build();
