// The only place that talks to the analyzer. Shapes are those of its routes (docs/API.md).

export type Severity = 'critical' | 'high' | 'medium' | 'low' | 'info';
export type IncidentState = 'new' | 'assigned' | 'in_progress' | 'pending' | 'closed' | 'merged' | 'escalated';
export type Text2 = { en: string; vi: string };

export type Role = 'viewer' | 'analyst' | 'lead' | 'engineer' | 'auditor' | 'admin';
export const roles: Role[] = ['viewer', 'analyst', 'lead', 'engineer', 'auditor', 'admin'];
export type Permission = 'self' | 'read' | 'raw' | 'reveal' | 'triage' | 'lead' | 'detect' | 'report' | 'audit' | 'admin';

export interface Me {
  user: string;
  name: string;
  role: Role;
  sites: string[];
  second_factor: boolean;
  may: Permission[];
  csrf: string;
}

export interface Party {
  ip: string;
  port?: number;
  name?: string; // of the asset or device
  zone?: string;
  country?: string; // ISO 3166 code of an outside address
  asn?: string;
  device?: string; // id of the device page
}

export interface Technique {
  id: string;
  name: Text2;
  tactic?: string;
}

export interface Group {
  id: number;
  severity: Severity;
  signature: string;
  signature_vi: string;
  reason?: Text2; // of a deviation: one sentence with the numbers
  gid: number;
  sid: number;
  kind: 'rule' | 'deviation' | 'yara' | 'foreign';
  category?: string;
  src: Party;
  dst: Party;
  count: number;
  first_seen: string; // RFC 3339
  last_seen: string;
  sensors: string[];
  techniques: Technique[];
  trend: number[]; // alerts per step between first and last seen, oldest first
  state: 'open' | 'archived' | 'escalated';
  assignee?: string;
  incident?: string;
}

// What takes an action back, for a while.
export interface Undo {
  id: string;
  until: string;
}

export interface Page<T> {
  items: T[];
  next?: string; // cursor of the next page
  total: number;
  exact?: boolean; // false: no fewer than total; the search did not look at all of them
}

export interface EventRow {
  id: number;
  time: string;
  sensor: string;
  event_type: string;
  group?: number;
  summary: string;
  eve: Record<string, unknown>;
}

export interface IncidentHead {
  id: string;
  version: number; // for optimistic locking
  revision: number; // what receivers have been told
  title: Text2;
  severity: Severity;
  state: IncidentState;
  disposition?: string;
  assignee?: string;
  score: number;
  opened: string;
  updated: string;
  first_event: string;
  last_event: string;
  alerts: number;
  stages: number;
  entities: Party[];
  techniques: Technique[];
  sensors: string[];
  site?: string;
  merged_into?: string;
  hold?: boolean; // nothing of it expires
  personal_data?: Flag;
  serious?: Flag;
  sla?: Timer[];
}

// A fact that was stated with a reason.
export interface Flag {
  set: boolean;
  since?: string;
  reason?: string;
}

// A deadline: met at, or still running, or missed.
export interface Timer {
  name: 'ack' | 'contain' | 'report' | 'personal_data';
  due: string;
  met?: string;
  breached: boolean;
}

export interface Task {
  id: number;
  version: number;
  title: string;
  assignee?: string;
  due?: string;
  overdue: boolean;
  done: boolean;
  done_at?: string;
  done_by?: string;
  created: string;
  created_by: string;
}

export interface HistoryEntry {
  id: number;
  time: string;
  user: string;
  action: string;
  text: Text2;
}

export interface IncidentChange {
  version: number;
  state?: IncidentState;
  assignee?: string;
  disposition?: string;
  severity?: Severity;
  personal_data?: boolean;
  serious?: boolean;
  contained?: boolean;
  reported?: boolean;
  reason?: string;
  comment?: string;
}

export interface ScoreReason {
  points: number;
  text: Text2;
}

export interface Stage {
  time: string;
  last?: string;
  count: number;
  lane: 'it' | 'ot';
  tactic: string; // ATT&CK tactic id
  tactic_name: Text2;
  tactic_order?: number; // place in an attack; not there when the tactic is unknown
  technique?: Technique;
  severity: Severity;
  text: Text2;
  src?: Party;
  dst?: Party;
  group?: number;
}

export interface Why {
  kind: 'incident' | 'correlation' | 'rule' | 'deviation' | 'event' | 'fact';
  title: Text2;
  detail?: Text2;
  code?: string; // rule text or condition, as written
  matches?: { buffer: string; offset: number; length: number; option?: string; text?: string; hex?: string; value?: number }[];
  numbers?: { name: Text2; observed: string; expected: string }[];
  group?: number;
  event?: number;
  time?: string;
  count?: number;
  children?: Why[];
}

export interface Incident extends IncidentHead {
  reasons: ScoreReason[];
  timeline: Stage[];
  why: Why;
  groups: Group[]; // the newest of groups_total
  groups_total: number;
  groups_next?: string; // cursor of the others
  tasks?: Task[];
  undo?: Undo;
  audit: HistoryEntry[]; // the newest of them
  audit_total: number;
  audit_next?: string;
  pushes: { connector: string; revision: number; state: 'waiting' | 'sent' | 'failed'; time?: string; tries: number; error?: string }[];
}

export interface DeviceHead {
  id: string;
  name: string;
  ip: string[];
  mac?: string;
  vendor?: string;
  profile?: string;
  baseline: 'learn' | 'observe' | 'enforce' | 'unknown';
  zone?: string;
  criticality?: number;
  owner?: string;
  first_seen: string;
  last_seen: string;
  deviations: number;
  alerts: number;
  risk: number;
}

export interface Deviation {
  id: number;
  time: string;
  class: string;
  severity: Severity;
  reason: Text2;
  observed?: string;
  expected?: string;
  bits?: number;
  threshold?: number;
  rule?: string;
  count: number;
}

export interface Device extends DeviceHead {
  profile_title?: Text2;
  confidence?: number;
  habits: { class: string; text: string }[]; // what it is known to do
  history: { time: string; change?: string; evidence?: number; text: Text2 }[];
  bindings?: { ip: string; from: string; to: string }[];
  deviations_list: Deviation[];
  groups: Group[];
  incidents: IncidentHead[];
}

// What a sensor lost on the way from the wire to here; the words are the sensor's.
export interface Loss {
  stage: string;
  name: string;
  lost: number;
  unit: string;
  cause?: Text2;
  remedy?: Text2;
}

export interface Sensor {
  name: string;
  site: string;
  state: 'online' | 'silent' | 'offline';
  last_seen: string;
  version?: string;
  lag_ms?: number;
  skew_ms?: number;
  received: number;
  duplicate: number;
  missing: number;
  resent: number;
  given_up: number;
  shed: number;
  packets?: number;
  lost?: number;
  stats?: Record<string, unknown> & { ledger?: Loss[] };
}

// Where sites lie, in degrees, and lines for the eye.
export interface Places {
  sites: { site: string; title: Text2; lat: number; lon: number }[];
  lines: { kind: 'water' | 'border'; name?: Text2; at: number[][] }[];
}

export interface Overview {
  open: Record<Severity, number>;
  incidents: IncidentHead[];
  hours: ({ time: string } & Record<Severity, number>)[]; // steps of the last day of event time
  top: Group[];
  sensors: Sensor[];
  devices: { total: number; learning: number; enforcing: number; deviating: number };
  compression: { events: number; alerts: number; groups: number; incidents: number };
  push: { connector: string; waiting: number; sent: number; failed: number; last?: string }[];
  sites?: Site[];
  tactics?: Tactic[];
}

export interface Site {
  site: string;
  open: Record<Severity, number>;
  devices: number;
  deviating: number;
  sensors: number;
  sensors_offline: number;
  missing: number;
}

// A column of ATT&CK, and what of the last day points to it.
export interface Tactic {
  id: string;
  name: Text2;
  ics: boolean;
  groups: number;
  alerts: number;
  severity: Severity;
}

export interface Account {
  user: string;
  name: string;
  role: Role;
  sites: string[];
  language: 'vi' | 'en';
  disabled: boolean;
  locked: boolean;
  second_factor: boolean;
  created: string;
  last_login?: string;
}
export interface AccountChange {
  user?: string;
  name?: string;
  role?: Role;
  sites?: string[];
  language?: 'vi' | 'en';
  disabled?: boolean;
  unlock?: boolean;
  drop_second_factor?: boolean;
  new_password?: boolean;
}

export interface SessionRow {
  id: string;
  this: boolean;
  address: string;
  agent: string;
  created: string;
  seen: string;
  expires: string;
}

export interface Token {
  id: number;
  name: string;
  scopes: Permission[];
  created: string;
  expires?: string;
  expired: boolean;
  used?: string;
  address?: string;
}

export interface AuditRow {
  id: number;
  time: string;
  user: string;
  address: string;
  action: string;
  object: string;
  detail: Record<string, unknown>;
  hash: string;
}

export interface Connector {
  connector: string;
  type: string;
  target: string;
  min_severity: Severity;
  sites: string[];
  mask_internal: boolean;
  sent: number;
  failed: number;
  given_up: number;
  resting: boolean;
  failures_in_a_row: number;
  fault: string;
}

export interface System {
  version: string;
  uptime_s: number;
  store: { engine: string; data_bytes: number; disk_bytes?: number; disk_free?: number };
  retention: { class: string; keep_s: number; keep_bytes?: number; rows?: number; bytes?: number; oldest?: string; newest?: string }[];
  holds: IncidentHead[];
  outbox: { connector: string; waiting: number; sent: number; given_up: number; oldest?: string; last_sent?: string }[];
  connectors: Connector[];
  correlation?: { loaded: string; rules: number; put_aside: number; faults: { file: string; line: number; title: string; text: string }[] };
  intel?: {
    read: string;
    indicators: number;
    not_understood: number;
    fault: string;
    files: { path: string; bytes: number; changed?: string }[];
    sources: { name: string; indicators: number; expired: number; confidence_least: number; confidence_most: number; next_expiry?: string }[];
  };
}

// What a search gives: rows, or what `| groupby` and `| histogram` make of them.
interface FoundHead {
  from: string;
  to: string;
  complete: boolean; // false: only so many rows were looked at
  looked: number;
  next?: number;
}
export type Found = FoundHead &
  (
    | { shape: 'rows'; items: EventRow[] }
    | { shape: 'groupby'; by: string[]; items: { values: string[]; count: number }[] }
    | { shape: 'histogram'; step_s: number; items: { time: string; count: number }[] }
  );

// A search that was given a name.
export interface View {
  id: number;
  name: string;
  page: 'groups' | 'incidents' | 'search' | 'devices';
  query: string; // of the address of the page
  shared: boolean;
  owner: string;
}

// What somebody decided not to see.
export interface Exception {
  id: number;
  version: number;
  query: string;
  reason: string;
  owner: string;
  sites: string[]; // none: all
  expires?: string;
  enabled: boolean;
  expired: boolean;
  created: string;
  changed: string;
  hits: number;
  last_hit?: string;
  groups: number; // hidden now
}

export interface Preview {
  from: string;
  to: string;
  alerts: number;
  groups: number;
  groups_partly: number;
  exact: boolean;
  items: { alerts: number; whole: boolean; group: Group }[];
}

export interface Form {
  id: string;
  scope: 'incident' | 'period';
  title: Text2;
  due: Text2;
}

// Why a request came to nothing. Status 0: there was no answer of the analyzer at all (nobody there, too late, something between).
export class ApiError extends Error {
  status: number;
  said: Text2 | undefined; // the analyzer's words
  code: boolean; // the second factor is asked for
  asked: boolean; // a question, that changes nothing
  began: number;
  constructor(status: number, said: Text2 | undefined, asked: boolean, began: number, code = false) {
    super(said?.en ?? String(status));
    this.status = status;
    this.said = said;
    this.asked = asked;
    this.began = began;
    this.code = code;
  }
}

// What the session does about the way to the analyzer.
export const door = {
  heard: (_there: boolean) => {},
  expired: () => Promise.resolve(false), // asks the person to sign in anew; true: the same one did
};

const patience = 60_000;
let csrf = '';
let who = '';

function known(me: Me): Me {
  csrf = me.csrf;
  who = me.user;
  return me;
}

async function once<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json' };
  const began = Date.now();
  const fault = (status: number, said?: Text2, code?: boolean) => new ApiError(status, said, method === 'GET', began, code);
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (method !== 'GET') headers['x-csrf-token'] = csrf;
  let status = 0;
  let good = false;
  let data: unknown;
  try {
    const answer = await fetch(`/api${path}`, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: 'same-origin',
      signal: AbortSignal.timeout(patience),
    });
    const text = await answer.text();
    status = answer.status;
    good = answer.ok;
    data = text ? JSON.parse(text) : undefined;
  } catch {
    door.heard(false); // no answer, half of one, or one of somebody else, like a proxy
    throw fault(0);
  }
  door.heard(true);
  if (good) return data as T;
  const said = data as { error?: string; error_vi?: string; code?: boolean } | undefined;
  throw fault(status, said?.error ? { en: said.error, vi: said.error_vi ?? said.error } : undefined, said?.code === true);
}

// Another window of this browser may have signed in meanwhile: then our token is that of a session that is no more.
async function renewed(): Promise<boolean> {
  const [before, user] = [csrf, who];
  const me = await once<Me>('GET', '/me');
  if (me.user !== user) location.reload(); // nothing is done in somebody else's name
  else known(me);
  return me.user === user && csrf !== before;
}

// What changes something is tried once more when only the session stood in its way. What asks is asked again by its page.
async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  try {
    return await once<T>(method, path, body);
  } catch (e) {
    if (method === 'GET' || path === '/login' || path === '/logout' || !(e instanceof ApiError)) throw e;
    if (e.status === 401 ? !(await door.expired()) : e.status !== 403 || !(await renewed())) throw e;
    return once<T>(method, path, body);
  }
}

function query(values: Record<string, string | number | undefined>): string {
  const q = new URLSearchParams();
  for (const [k, v] of Object.entries(values)) if (v !== undefined && v !== '') q.set(k, String(v));
  const s = q.toString();
  return s ? `?${s}` : '';
}

export const api = {
  async me(): Promise<Me> {
    return known(await call<Me>('GET', '/me'));
  },
  async login(user: string, password: string, code?: string): Promise<Me> {
    return known(await call<Me>('POST', '/login', { user, password, code }));
  },
  logout: () => call<void>('POST', '/logout', {}),
  places: () => call<Places>('GET', '/places'),
  overview: () => call<Overview>('GET', '/overview'),
  groups: (f: { state?: string; q?: string; severity?: string; device?: string; before?: string; limit?: number }) =>
    call<Page<Group>>('GET', `/groups${query(f)}`),
  incidentGroups: (id: string, before: string) => call<Page<Group>>('GET', `/incidents/${encodeURIComponent(id)}/groups${query({ before, limit: 200 })}`),
  incidentEvents: (id: string, before?: number) => call<{ items: EventRow[]; next?: number }>('GET', `/incidents/${encodeURIComponent(id)}/events${query({ before })}`),
  groupEvents: (id: number) => call<{ items: EventRow[] }>('GET', `/groups/${id}/events`),
  groupAction: (ids: number[], action: 'archive' | 'reopen' | 'escalate' | 'assign', assignee?: string) =>
    call<{ changed: number; undo?: Undo }>('POST', '/groups/actions', { ids, action, assignee }),
  undo: (id: string) => call<{ undone: number; action: string }>('POST', `/undo/${encodeURIComponent(id)}`, {}),
  incidentHistory: (id: string, before: string) => call<Page<HistoryEntry>>('GET', `/incidents/${encodeURIComponent(id)}/history${query({ before, limit: 200 })}`),
  incidents: (f: { state?: string; site?: string; severity?: string; q?: string; before?: string; limit?: number }) => call<Page<IncidentHead>>('GET', `/incidents${query(f)}`),
  incident: (id: string) => call<Incident>('GET', `/incidents/${encodeURIComponent(id)}`),
  incidentChange: (id: string, change: IncidentChange) => call<Incident>('POST', `/incidents/${encodeURIComponent(id)}`, change),
  incidentMake: (what: { title?: string; severity?: Severity; assignee?: string; groups: number[]; incidents?: string[]; comment?: string }) => call<Incident>('POST', '/incidents', what),
  incidentMerge: (id: string, what: { version: number; incidents?: string[]; groups?: number[]; comment?: string }) =>
    call<Incident>('POST', `/incidents/${encodeURIComponent(id)}/merge`, what),
  incidentSplit: (id: string, what: { version: number; groups: number[]; title: string; comment?: string }) =>
    call<Incident>('POST', `/incidents/${encodeURIComponent(id)}/split`, what),
  taskAdd: (incident: string, what: { title: string; assignee?: string; due?: string }) =>
    call<{ task: Task; undo?: Undo }>('POST', `/incidents/${encodeURIComponent(incident)}/tasks`, what),
  taskChange: (id: number, what: { version: number; title?: string; assignee?: string; due?: string; done?: boolean }) => call<{ task: Task; undo?: Undo }>('POST', `/tasks/${id}`, what),
  taskDrop: (id: number, version: number) => call<{ task: Task; undo?: Undo }>('POST', `/tasks/${id}/delete`, { version }),
  devices: (f: { q?: string; before?: string }) => call<Page<DeviceHead>>('GET', `/devices${query(f)}`),
  device: (id: string) => call<Device>('GET', `/devices/${encodeURIComponent(id)}`),
  search: (f: { q: string; from?: string; to?: string; last?: string; before?: number; limit?: number }) => call<Found>('GET', `/search${query(f)}`),
  exceptions: () => call<{ total: number; items: Exception[] }>('GET', '/exceptions'),
  exceptionPreview: (what: { query: string; sites: string[]; days: number }) => call<Preview>('POST', '/exceptions/preview', what),
  exceptionAdd: (what: { query: string; reason: string; sites: string[]; days: number; expires: string }) => call<Exception>('POST', '/exceptions', what),
  exceptionChange: (id: number, what: { version: number; enabled?: boolean; expires?: string; reason?: string }) => call<Exception>('POST', `/exceptions/${id}`, what),
  exceptionDrop: (id: number) => call<{ shown: number }>('DELETE', `/exceptions/${id}`),
  views: () => call<{ items: View[] }>('GET', '/views'),
  viewSave: (what: { name: string; page: View['page']; query: string; shared: boolean }) => call<unknown>('POST', '/views', what),
  viewDrop: (id: number) => call<unknown>('POST', `/views/${id}/delete`, {}),
  forms: () => call<{ items: Form[] }>('GET', '/reports'),
  // A report is a file: the browser fetches it by itself, with the session's cookie.
  reportAddress: (form: string, f: { incident?: string; from?: string; to?: string; site?: string; lang: 'vi' | 'en'; format: 'pdf' | 'html' }) =>
    `/api/reports/${encodeURIComponent(form)}${query(f)}`,
  sensors: () => call<{ items: Sensor[] }>('GET', '/sensors'),
  hold: (incident: string, hold: boolean, reason: string) => call<Incident>('POST', `/incidents/${encodeURIComponent(incident)}/hold`, { hold, reason }),
  system: () => call<System>('GET', '/system'),
  connectorTest: (name: string) => call<{ taken: boolean; answer: string }>('POST', `/connectors/${encodeURIComponent(name)}/test`, {}),
  audit: (f: { user?: string; action?: string; object?: string; from?: string; to?: string; before?: number; limit?: number }) =>
    call<{ items: AuditRow[]; next?: number }>('GET', `/audit${query(f)}`),
  auditVerify: () => call<{ whole: boolean; first_bad?: number }>('GET', '/audit/verify'),
  accounts: () => call<{ items: Account[] }>('GET', '/accounts'),
  accountAdd: (what: AccountChange) => call<{ account: Account; password?: string }>('POST', '/accounts', what),
  accountChange: (name: string, what: AccountChange) => call<{ account: Account; password?: string }>('POST', `/accounts/${encodeURIComponent(name)}`, what),
  sessions: (user?: string) => call<{ items: SessionRow[] }>('GET', `/sessions${query({ user })}`),
  sessionEnd: (id: string, user?: string) => call<unknown>('POST', `/sessions/${encodeURIComponent(id)}/end${query({ user })}`, {}),
  tokens: (user?: string) => call<{ items: Token[] }>('GET', `/tokens${query({ user })}`),
  tokenAdd: (what: { name: string; scopes: Permission[]; days: number }) => call<{ id: number; token: string; expires: string }>('POST', '/tokens', what),
  tokenDrop: (id: number) => call<unknown>('POST', `/tokens/${id}/delete`, {}),
  passwordChange: (password: string, next: string) => call<unknown>('POST', '/me/password', { password, new: next }),
  factorStart: (password: string) => call<{ secret: string; uri: string }>('POST', '/me/factor', { password }),
  factorProve: (code: string) => call<{ recovery: string[] }>('POST', '/me/factor/prove', { code }),
  factorDrop: (password: string) => call<unknown>('POST', '/me/factor/drop', { password }),
};

export interface Live {
  kind: 'groups' | 'reload' | 'incident' | 'device' | 'sensor';
  id?: string;
}

// Server-sent events. The browser reconnects by itself with Last-Event-ID, except behind an answer that is no stream: then it is
// opened anew. What was missed meanwhile is unknown, so that a stream that comes back says "reload".
export function live(onEvent: (e: Live) => void, onState: (up: boolean) => void): () => void {
  let source: EventSource;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let cut = false;
  function open() {
    source = new EventSource('/api/stream');
    source.onopen = () => {
      onState(true);
      if (cut) onEvent({ kind: 'reload' });
      cut = false;
    };
    source.onerror = () => {
      cut = true;
      onState(false);
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(open, 5000);
    };
    for (const kind of ['groups', 'incident', 'device', 'sensor', 'reload'] as const)
      source.addEventListener(kind, (e) => {
        try {
          onEvent({ kind, ...(JSON.parse((e as MessageEvent<string>).data) as { id?: string }) });
        } catch {
          // a line that is no JSON is not for us
        }
      });
  }
  open();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}
