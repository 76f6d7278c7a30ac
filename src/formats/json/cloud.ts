// Audit logs of clouds and of services that people sign in to: whose act it was, from where, and whether it was a sign-in, under names
// of one kind (`actor`, `sign_in`, `request`), beside the service's own names that rules use. Sources: AWS CloudTrail record contents, Okta
// System Log API (LogEvent), Google Workspace Reports API (Activity), Google Cloud AuditLog, Duo Admin API authentication logs, Microsoft's
// tables of Log Analytics.
import type { TextValue } from '../text/record.js';

type Obj = Readonly<Record<string, unknown>>;

const obj = (v: unknown): Obj | null => (typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Obj) : null);
const text = (v: unknown): string =>
  typeof v === 'string' ? v : typeof v === 'number' || typeof v === 'boolean' ? String(v) : '';
const list = (v: unknown): readonly unknown[] => (Array.isArray(v) ? (v as unknown[]) : []);
/** Characters of a resource's name (Amazon: at most 2,048). */
const MAX_ARN = 2048;
/** An object as text, an object written as text as it is. */
const json = (v: unknown): string =>
  v === undefined || v === null ? '' : typeof v === 'string' ? v : JSON.stringify(v);

export interface CloudEvent {
  readonly channel: string;
  readonly time: unknown;
  readonly host?: string;
  readonly eventId?: string;
  readonly provider?: string;
  readonly more: Readonly<Record<string, TextValue>>;
}

const signIn = (failed: boolean): string => (failed ? 'sign-in failed' : 'sign-in');

/**
 * Who did it, of CloudTrail's `userIdentity`: a user by name, a role by its own, and somebody who signed in by the directory (IAM Identity
 * Center, whose roles begin with AWSReservedSSO_) by the name of the session.
 */
function awsActor(identity: Obj | null, o: Obj): string {
  if (identity === null) return text(o.Username);
  const name = text(identity.userName);
  if (name !== '') return name;
  const arn = text(identity.arn).slice(0, MAX_ARN);
  const assumed = /:assumed-role\/([^/]+)\/(.+)$/.exec(arn);
  if (assumed !== null)
    return assumed[1]!.startsWith('AWSReservedSSO_') || assumed[2]!.includes('@') ? assumed[2]! : assumed[1]!;
  return (
    /:(?:user|federated-user)\/(.+)$/.exec(arn)?.[1] ??
    (text(obj(obj(identity.sessionContext)?.sessionIssuer)?.userName) ||
      text(identity.invokedBy) ||
      (text(identity.type) === 'Root' ? 'root' : text(identity.principalId)))
  );
}

function aws(o: Obj): CloudEvent {
  const [name, error] = [text(o.eventName), text(o.errorCode) || text(o.errorMessage)];
  const login = text(obj(o.responseElements)?.ConsoleLogin);
  const bytes = obj(o.additionalEventData)?.bytesTransferredOut;
  return {
    channel: 'aws/cloudtrail',
    time: o.eventTime,
    eventId: name,
    provider: text(o.eventSource),
    more: {
      actor: awsActor(obj(o.userIdentity), o),
      // What was made is told in the answer.
      request: json(o.requestParameters),
      made: text(obj(obj(o.responseElements)?.accessKey)?.accessKeyId),
      credential: text(obj(o.userIdentity)?.accessKeyId),
      sign_in: name === 'ConsoleLogin' ? signIn(/^failure$/i.test(login) || error !== '') : '',
      status: error,
      bytes_out: text(bytes),
    },
  };
}

function okta(o: Obj): CloudEvent {
  const type = text(o.eventType);
  const failed = /^(?:FAILURE|DENY)$/i.test(text(obj(o.outcome)?.result));
  const client = obj(o.client);
  return {
    channel: 'okta/system',
    time: o.published,
    eventId: type,
    provider: 'okta',
    more: {
      actor: text(obj(o.actor)?.alternateId) || text(obj(o.actor)?.displayName),
      src_ip: text(client?.ipAddress),
      user_agent: text(obj(client?.userAgent)?.rawUserAgent),
      request: list(o.target)
        .map((t) => text(obj(t)?.displayName) || text(obj(t)?.alternateId))
        .filter((t) => t !== '')
        .join('; '),
      sign_in: /^(?:user\.session\.start|user\.authentication\.(?:sso|verify|auth_via_mfa))$/.test(type)
        ? signIn(failed)
        : '',
      status: text(obj(o.outcome)?.reason) || text(obj(o.outcome)?.result),
    },
  };
}

/** Google Workspace: one activity may hold several events; the first names it. */
function workspace(o: Obj): CloudEvent {
  const id = obj(o.id)!;
  const first = obj(list(o.events)[0]);
  const name = text(first?.name);
  return {
    channel: 'google/workspace',
    time: id.time,
    eventId: name,
    provider: text(id.applicationName),
    more: {
      actor: text(obj(o.actor)?.email) || text(obj(o.actor)?.profileId),
      src_ip: text(o.ipAddress),
      request: json(first?.parameters),
      sign_in: /^login_(?:success|failure)$/.test(name) ? signIn(name === 'login_failure') : '',
    },
  };
}

function googleCloud(o: Obj, audit: Obj): CloudEvent {
  const code = obj(audit.status)?.code;
  return {
    channel: 'gcp/audit',
    time: o.timestamp,
    eventId: text(audit.methodName),
    provider: text(audit.serviceName),
    more: {
      actor: text(obj(audit.authenticationInfo)?.principalEmail),
      src_ip: text(obj(audit.requestMetadata)?.callerIp),
      user_agent: text(obj(audit.requestMetadata)?.callerSuppliedUserAgent),
      request: text(audit.resourceName),
      status: code === undefined || code === 0 ? '' : text(code),
      // Sigma's names.
      'gcp.audit.method_name': text(audit.methodName),
      'gcp.audit.service_name': text(audit.serviceName),
    },
  };
}

function duo(o: Obj): CloudEvent {
  return {
    channel: 'duo/authentication',
    time: o.isotimestamp ?? o.timestamp,
    eventId: text(o.event_type) || 'authentication',
    provider: 'duo',
    more: {
      actor: text(obj(o.user)?.name) || text(o.username),
      src_ip: text(obj(o.access_device)?.ip) || text(o.ip),
      request: text(obj(o.application)?.name) || text(o.integration),
      sign_in: signIn(!/^success$/i.test(text(o.result))),
      status: text(o.reason),
    },
  };
}

/** Connections as Google's and Microsoft's networks log them, and questions of names as Amazon's resolver does. */
function cloudNetwork(o: Obj): CloudEvent | null {
  const g = obj(obj(o.jsonPayload)?.connection);
  if (g !== null && g.src_ip !== undefined && g.dest_ip !== undefined)
    return {
      channel: 'flow',
      time: obj(o.jsonPayload)!.start_time ?? o.timestamp,
      more: {
        src_ip: text(g.src_ip),
        src_port: text(g.src_port),
        dst_ip: text(g.dest_ip),
        dst_port: text(g.dest_port),
        protocol: text(g.protocol),
        bytes_out: text(obj(o.jsonPayload)!.bytes_sent),
      },
    };
  if (o.query_timestamp !== undefined && o.query_name !== undefined)
    return {
      channel: 'dns',
      time: o.query_timestamp,
      more: {
        query: text(o.query_name).replace(/\.$/, ''),
        record_type: text(o.query_type),
        src_ip: text(o.srcaddr),
        answer: list(o.answers).map((a) => text(obj(a)?.Rdata)),
      },
    };
  // Cloudflare's requests.
  if (o.ClientRequestMethod !== undefined && o.ClientIP !== undefined) {
    const [stem, query] = text(o.ClientRequestURI).split(/\?(.*)/s);
    return {
      channel: 'webserver',
      time: o.EdgeStartTimestamp ?? o.EdgeEndTimestamp ?? o.Datetime,
      more: {
        'c-ip': text(o.ClientIP),
        'cs-method': text(o.ClientRequestMethod),
        'cs-host': text(o.ClientRequestHost),
        'cs-uri-stem': text(o.ClientRequestPath) || (stem ?? ''),
        'cs-uri-query': query ?? null,
        'sc-status': text(o.EdgeResponseStatus),
        'sc-bytes': text(o.EdgeResponseBytes),
        'cs-user-agent': text(o.ClientRequestUserAgent),
        'cs-referer': text(o.ClientRequestReferer),
        's-ip': text(o.OriginIP),
      },
    };
  }
  return null;
}

/** Microsoft's audit logs as tables of Log Analytics and as exports with columns of their own. */
function microsoft(o: Obj): CloudEvent | null {
  if (
    o.UserPrincipalName !== undefined &&
    o.IPAddress !== undefined &&
    o.ResultType !== undefined &&
    o.TimeGenerated !== undefined
  )
    return {
      channel: 'azure/signinlogs',
      time: o.TimeGenerated,
      more: {
        userPrincipalName: text(o.UserPrincipalName),
        ipAddress: text(o.IPAddress),
        appDisplayName: text(o.AppDisplayName),
        userAgent: text(o.UserAgent) || text(o.ClientAppUsed),
        sign_in_failed: /^0?$/.test(text(o.ResultType)) ? null : 'yes',
      },
    };
  const officeTime = o.TimeGenerated ?? o.CreationDate;
  if (o.OfficeWorkload !== undefined && o.Operation !== undefined && officeTime !== undefined)
    return {
      channel: 'm365/audit',
      time: officeTime,
      eventId: text(o.Operation),
      provider: text(o.OfficeWorkload),
      more: {
        Workload: text(o.OfficeWorkload),
        ClientIP: text(o.ClientIP) || text(o.Client_IPAddress),
        ClientIPAddress: text(o.Client_IPAddress) || text(o.ClientIP),
        ClientInfoString: text(o.ClientInfoString) || text(o.Client_InfoString),
        MailboxOwnerUPN: text(o.MailboxOwnerUPN),
        ObjectId: text(o.OfficeObjectId),
        eventSource: text(o.OfficeWorkload),
        eventName: text(o.Operation),
        status: text(o.ResultStatus) || null,
      },
    };
  return null;
}

/** Exports with columns of their own: CloudTrail's console and Athena, the sign-ins of Entra's portal, Okta's. The event as the service has it; null. */
function exported(o: Obj): Obj | null {
  if (o.eventname !== undefined && o.eventsource !== undefined && o.eventtime !== undefined)
    return {
      eventName: o.eventname,
      eventSource: o.eventsource,
      eventTime: o.eventtime,
      awsRegion: o.awsregion ?? '',
      sourceIPAddress: o.sourceipaddress,
      userAgent: o.useragent,
      errorCode: o.errorcode,
      requestParameters: o.requestparameters,
      // A structure as Athena prints it.
      userIdentity: {
        userName: /\busername=([^,}]+)/i.exec(text(o.useridentity))?.[1]?.replace(/^null$/, ''),
        arn: /\barn=([^,}]+)/i.exec(text(o.useridentity))?.[1],
      },
    };
  if (o['Event name'] !== undefined && o['Event source'] !== undefined && o['Event time'] !== undefined)
    return {
      eventName: o['Event name'],
      eventSource: o['Event source'],
      eventTime: o['Event time'],
      awsRegion: o['AWS region'] ?? '',
      sourceIPAddress: o['Source IP address'],
      userAgent: o['User agent'],
      errorCode: o['Error code'],
      requestParameters: o.Resources,
      userIdentity: { userName: o['User name'] },
    };
  const date = o['Date (UTC)'] ?? o['Date UTC'];
  if (
    date !== undefined &&
    o.Username !== undefined &&
    o['IP address'] !== undefined &&
    o['Sign-in error code'] !== undefined
  )
    return {
      TimeGenerated: date,
      UserPrincipalName: o.Username,
      IPAddress: o['IP address'],
      ResultType: text(o['Sign-in error code']) || (text(o.Status) === 'Failure' ? '1' : '0'),
      AppDisplayName: o.Application,
      UserAgent: text(o['User agent']) || text(o.Browser),
    };
  if (o.event_type !== undefined && o['actor.alternate_id'] !== undefined && o.timestamp !== undefined)
    return {
      eventType: o.event_type,
      published: o.timestamp,
      actor: { alternateId: o['actor.alternate_id'] },
      client: { ipAddress: o['client.ip_address'], userAgent: { rawUserAgent: o['client.user_agent.raw_user_agent'] } },
      outcome: { result: o['outcome.result'] },
    };
  return null;
}

/** The names that the service itself has, beside the columns. */
function withColumns(e: CloudEvent, o: Obj): CloudEvent {
  const more: Record<string, TextValue> = { ...e.more };
  for (const [k, v] of Object.entries(o)) if (typeof v === 'string' && v !== '' && !more[k]) more[k] = v;
  return { ...e, more };
}

/** An event of a cloud; null where an object is none of these. */
export function cloudKind(o: Obj): CloudEvent | null {
  const columns = exported(o);
  if (columns !== null) return withColumns(cloudKind(columns)!, columns);
  if (
    o.eventName !== undefined &&
    o.eventSource !== undefined &&
    (o.awsRegion !== undefined || o.eventVersion !== undefined)
  )
    return aws(o);
  if (o.eventType !== undefined && o.published !== undefined && (obj(o.actor) !== null || obj(o.client) !== null))
    return okta(o);
  if (obj(o.id)?.applicationName !== undefined && Array.isArray(o.events) && obj(o.id)?.time !== undefined)
    return workspace(o);
  const audit = obj(o.protoPayload);
  if (audit !== null && audit.methodName !== undefined) return googleCloud(o, audit);
  if (obj(o.access_device) !== null && o.result !== undefined && (o.isotimestamp ?? o.timestamp) !== undefined)
    return duo(o);
  return microsoft(o) ?? cloudNetwork(o);
}
