export { type LogSource, type Route, WINDOWS_CATEGORIES, WINDOWS_SERVICES, windowsRoutes } from './log-sources.js';
export { isLogSourceKey, QUERY_OR_URI, routesOf } from './other-sources.js';
