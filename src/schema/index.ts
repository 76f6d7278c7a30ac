export { type LogSource, type Route, WINDOWS_CATEGORIES, WINDOWS_SERVICES, windowsRoutes } from './log-sources.js';
export { isLogSourceKey, QUERY_OR_URI, routesOf } from './other-sources.js';
export { FACT_CLASSES, type FactClass, type FactMapping, factMappings } from './fact-classes.js';
export { fieldsOf } from './log-source-fields.js';
export { clientOf } from './forwarded.js';
