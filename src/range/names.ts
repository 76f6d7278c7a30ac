// Words that names are made of. All of them are invented or common; domains end in the names reserved for examples (RFC 2606), addresses outside
// are of networks reserved for documentation and benchmarks (RFC 5737, RFC 2544).
export const FIRST =
  'Ada Alan Alba Amir Ana Anders Anja Aron Aylin Bela Ben Bora Carla Chen Clara Dana David Diego Dora Elena Elif Emil Emma Erik Eva Farid Felix Finn Gita Greta Hana Hugo Ida Igor Ines Ingrid Ivan Jana Jin Joana Jonas Jude Kai Karim Katya Kenji Lara Lars Lena Leo Lin Lior Livia Luca Lucia Mai Marco Maria Marta Mateo Max Mei Mila Mira Nadia Nico Nils Nina Noor Nora Olga Omar Oscar Pablo Paula Pavel Petra Priya Rafael Raj Ravi Rosa Ruth Sami Sara Sofia Stefan Sven Tara Theo Tom Uma Vera Victor Wei Yara Yuki Zara Zoe'.split(
    ' ',
  );
export const LAST =
  'Abe Adler Ahmed Almeida Arslan Bakker Baptiste Bauer Berg Bianchi Blom Bonnet Brandt Byrne Castro Chandra Chang Costa Cruz Dahl Demir Diaz Dubois Eklund Evans Fabre Farkas Ferrari Fischer Fonseca Frost Garcia Gomes Gray Gupta Haas Hansen Hayashi Herrera Holm Horvat Huang Ibrahim Ito Ivanov Jansen Jensen Jones Kaya Keller Khan Kim Klein Kovacs Kumar Laine Lang Larsen Lee Lindgren Lopez Lund Maas Marino Martin Mehta Meyer Mori Moreau Mueller Nagy Nakano Nguyen Novak Okafor Olsen Ortiz Park Patel Pereira Perez Petrov Popescu Ramos Rao Rinaldi Rossi Roth Sato Schmid Shah Silva Singh Smit Sorensen Stein Suzuki Svensson Tanaka Toth Tran Vargas Vega Vogel Wagner Walsh Wang Weber Wolf Wong Yamada Yilmaz Zhang Zimmer'.split(
    ' ',
  );
export const COMPANIES =
  'alderon brightfen calvera dunmore estuary fairholm granite harbourne inverlea juniper kestrel lakeford meridian norwick oakhurst pemberly quarry ridgeway sandhill thornbury underhill valemont westmere yarrow'.split(
    ' ',
  );
export const DEPARTMENTS = [
  ['Finance', ['Controller', 'Accountant', 'Payroll Clerk', 'Treasury Analyst']],
  ['Engineering', ['Engineer', 'Senior Engineer', 'Test Engineer', 'Designer']],
  ['Sales', ['Account Manager', 'Sales Assistant', 'Regional Lead']],
  ['Legal', ['Counsel', 'Paralegal']],
  ['Human Resources', ['Recruiter', 'HR Partner']],
  ['Research', ['Researcher', 'Lab Lead', 'Data Analyst']],
  ['Operations', ['Planner', 'Dispatcher', 'Coordinator', 'Buyer']],
] as const;
export const EXECUTIVES = [
  'Chief Executive Officer',
  'Chief Financial Officer',
  'Chief Operating Officer',
  'Chief Technology Officer',
  'General Counsel',
  'Director of Research',
  'Director of Sales',
  'Chairman of the Board',
] as const;
/** Sites that people read, and that programs talk to. */
export const SITES =
  'news weather mail maps shop bank travel forum video docs wiki search music cloud social jobs recipes sport health games'.split(
    ' ',
  );
export const SITE_ENDS = ['example.com', 'example.net', 'example.org', 'example'] as const;
/** Parts of names of programs and services; vendors, tools and intruders use the same. */
export const PROGRAM_WORDS =
  'agent audio backup bridge cache client config core data device display driver event feed graph health helper host index input link loader manager media monitor net node notify print proxy quick report runtime scan sched secure service setup shell state store stream sync system task telemetry time trace tray update user video view watch web work'.split(
    ' ',
  );
export const VENDORS =
  'Aldine Bluecrest Corvant Deltronic Evermark Fenwick Gridline Halvern Inkwell Jadestone Kelvinworks Lumenar Mapleton Nordvik Orbis Paragon Quillon Redfield Solace Tandem'.split(
    ' ',
  );
