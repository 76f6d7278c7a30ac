export { type LogSource, type Route, WINDOWS_CATEGORIES, WINDOWS_SERVICES, windowsRoutes } from './log-sources.js';
