/** What the slots of the question templates are filled with. */
export const questionFillers = {
  abbr: words(
    "NASA|UNESCO|UNICEF|NATO|WHO|IMF|FBI|CIA|BBC|CNN|DNA|RNA|HIV|AIDS|ATM|PIN|GPS|USB|CPU|GPU|RAM|ROM|LED|LCD|PDF|HTML|HTTP|URL|FAQ|ASAP|RSVP|CEO|CFO|GDP|VAT|MRI|ECG|UFO|SUV|SCUBA|LASER|RADAR|SONAR|SWAT|VIP|PhD|MBA|NBA|FIFA|IOC|OPEC|ASEAN|WTO|EU|UK|UAE|AM|PM|BC|AD|SOS|DIY|FYI|IQ|TNT|DVD|CAD|API|SQL|XML",
  ),
  longName: words(
    "the United Nations|the European Union|the World Health Organization|the United Kingdom|the National Basketball Association|the Food and Drug Administration|the International Monetary Fund|Central Intelligence Agency|Doctor of Philosophy|for example|that is|and so on|the North Atlantic Treaty|limited company|miles per hour|kilograms|random access memory|compact disc|estimated time of arrival|chief executive officer|before noon|magnetic resonance imaging|global positioning system|public limited company|Saint Petersburg|junior|mister",
  ),
  country: words(
    "France|Japan|Brazil|Kenya|India|Canada|Mexico|Norway|Egypt|Poland|Chile|Turkey|Vietnam|Portugal|Morocco|Iceland|Peru|Finland|Greece|Indonesia|Nigeria|Australia|Ireland|Thailand|Hungary|Ethiopia|Argentina|Switzerland",
  ),
  city: words(
    "Paris|Tokyo|Cairo|Lagos|Lima|Vienna|Boston|Chicago|Madrid|Athens|Dublin|Prague|Sydney|Istanbul|Seoul|Toronto|Rome|Helsinki|Budapest|Nairobi|Havana|Berlin|Oslo|San Francisco",
  ),
  river: words("the Nile|the Danube|the Amazon|the Rhine|the Thames|the Mississippi|the Ganges|the Volga|the Yukon"),
  mountain: words("Mount Everest|Kilimanjaro|Mont Blanc|K2|Mount Fuji|the Matterhorn|Aconcagua|Denali|Mount Elbrus"),
  landmark: words(
    "the Eiffel Tower|the Taj Mahal|the Colosseum|Machu Picchu|the Great Wall|the Golden Gate Bridge|Big Ben|the Louvre|Stonehenge|the Acropolis|the Statue of Liberty|the Alhambra|Angkor Wat|the Empire State Building",
  ),
  person: words(
    "Marie Curie|Albert Einstein|Mahatma Gandhi|Nelson Mandela|Leonardo da Vinci|Cleopatra|Abraham Lincoln|Isaac Newton|Frida Kahlo|Charles Darwin|Florence Nightingale|Napoleon|Galileo|Joan of Arc|Julius Caesar|Ada Lovelace|Marco Polo|Rosa Parks|Nikola Tesla|Queen Victoria",
  ),
  woman: words(
    "Marie Curie|Cleopatra|Frida Kahlo|Florence Nightingale|Joan of Arc|Ada Lovelace|Rosa Parks|Queen Victoria",
  ),
  musician: words(
    "Mozart|Beethoven|Louis Armstrong|Miles Davis|Chopin|Bach|Jimi Hendrix|Clara Schumann|Vivaldi|Paganini",
  ),
  film: words("Casablanca|Psycho|Titanic|Jaws|Metropolis|Vertigo|Gladiator|Alien|Rocky|Amadeus|Fargo|The Godfather"),
  painting: words("the Mona Lisa|Guernica|The Scream|The Starry Night|The Night Watch|The Kiss|The Birth of Venus"),
  invention: words(
    "the telephone|the light bulb|the steam engine|the printing press|the telescope|the radio|dynamite|the zipper|the bicycle|the microscope|the World Wide Web|the barometer|the piano|the television|the safety pin|the parachute",
  ),
  discovery: words(
    "penicillin|gravity|radium|the structure of DNA|oxygen|X-rays|the planet Neptune|the electron|the law of inheritance|the circulation of the blood|insulin",
  ),
  device: words(
    "a refrigerator|a microwave oven|a jet engine|a compass|a vaccine|a solar panel|a camera|a thermometer|a lock|an elevator|a submarine|a nuclear reactor|a battery|a hearing aid|a barcode|a search engine|a violin",
  ),
  term: words(
    "photosynthesis|inflation|gravity|a black hole|democracy|osmosis|an eclipse|a metaphor|jet lag|capitalism|a fossil|an algorithm|karma|a prime number|a haiku|a glacier|plankton|irony|a mortgage|an isotope|existentialism|a comet|entropy|a palindrome|a monsoon|a sonnet|acid rain",
  ),
  adjective: words(
    "ubiquitous|ambiguous|serendipity|stoic|nostalgia|pragmatic|ephemeral|candid|obsolete|frugal|eloquent",
  ),
  phenomenon: words(
    "thunder|earthquakes|the tides|rainbows|hiccups|the seasons|inflation|rust|tornadoes|migraine|the northern lights|acid rain|echoes|tsunamis|sunburn",
  ),
  pair: words(
    "a virus and a bacterium|weather and climate|jam and jelly|a frog and a toad|an alligator and a crocodile|speed and velocity|a lake and a pond|fission and fusion|a moth and a butterfly|tea and coffee|a simile and a metaphor",
  ),
  task: words(
    "tie a tie|bake bread|remove a stain|change a tyre|grow tomatoes|fold a paper crane|clean silver|train a puppy|write a poem|make paper|sharpen a knife|peel garlic|measure humidity|sew on a button|boil an egg|repair a roof",
  ),
  whyFact: words(
    "the sky blue|sea water salty|the ocean blue|blood red|gold so expensive|ice slippery|grass green|a golf ball dimpled|honey sticky|February so short|the moon bright|lemon juice sour|glass transparent|Mars red|the desert cold at night",
  ),
  animals: words(
    "bees|whales|cats|penguins|bats|camels|dogs|owls|spiders|dolphins|elephants|zebras|birds|salmon|flamingos|snakes|bears",
  ),
  habit: words(
    "sleep so long|migrate|sing at dawn|hunt at night|change colour|live in groups|shed their skin|purr|dance|hibernate|swim upstream|stand on one leg|store water|howl at the moon",
  ),
  event: words(
    "the French Revolution|the Second World War|the moon landing|the fall of the Berlin Wall|the Great Fire of London|the Black Death|the Boston Tea Party|the Renaissance|the Gold Rush|the Battle of Waterloo|the Cold War|the Industrial Revolution|the first Olympic Games|the Great Depression",
  ),
  thing: words(
    "the Roman Empire|coffee|chess|the alphabet|the calendar|paper money|jazz|the umbrella|chocolate|football|silk",
  ),
  made: words("bronze|brass|steel|concrete|tofu|hummus|porcelain|marzipan|sushi|gunpowder|perfume|felt"),
  food: words("oranges|carrots|milk|rice|grapes|potatoes|apples|spinach|barley|honey|eggs|cheese|olives|sugar cane"),
  animalKind: words("mammal|bird|fish|insect|reptile|spider|shark|cat|snake|bear|lizard|whale"),
  animalTrait: words(
    "sleeps standing up|has the longest neck|can fly backwards|builds dams|carries its young in a pouch|sprays a bad smell|lives the longest|has three hearts|never forgets|spins silk|changes its colour|can regrow its tail",
  ),
  colourThing: words(
    "a ripe banana|the flag of Greece|an emerald|a polar bear's skin|the Golden Gate Bridge|a school bus|the inside of a kiwi|copper rust|a ruby|a flamingo|the planet Mars|sulphur",
  ),
  element: words("gold|silver|iron|lead|sodium|potassium|mercury|tin|tungsten|copper|helium|oxygen"),
  thingNoun: words(
    "animal|colour|language|currency|food|drink|sport|instrument|metal|plant|flower|disease|vitamin|religion|dance|game|fruit|tree|gas|fabric|bird|spice|vegetable|tool|song|dish",
  ),
  cause: words(
    "a lack of iron|a mosquito bite|too much sugar|a lack of vitamin C|contaminated water|smoking|lead|dust",
  ),
  sportItem: words(
    "a racket|a puck|a broom|a shuttlecock|clubs|a mallet|an oval ball|dice|a cue|tiles|a net|a frisbee",
  ),
  role: words(
    "president|painter|author|scientist|king|queen|explorer|composer|actor|actress|inventor|astronaut|general|poet|philosopher|doctor|engineer|singer|architect|writer|physicist|chemist|emperor|pilot|swimmer|dancer|runner|politician",
  ),
  leader: words("president|prime minister|king|queen|emperor|chancellor|leader|head of state"),
  nationality: words(
    "American|French|Russian|Chinese|Indian|German|Italian|British|Japanese|Polish|Brazilian|Canadian|Mexican|Swedish|African",
  ),
  man: words("man|woman|person|girl|boy|pilot|doctor|climber|teacher|soldier"),
  feat: words(
    "fly into space|reach the South Pole|climb Mount Everest|win a Nobel Prize|sail around the world|fly across the Atlantic|run a mile in four minutes|walk on the moon|swim the English Channel|study medicine|cross the Pacific alone|go to space twice|win three gold medals",
  ),
  deed: words(
    "designed the Eiffel Tower|wrote the Ninth Symphony|led the march to the sea|signed the Declaration of Independence|discovered the tomb|sailed to America in 1492|painted the ceiling of the Sistine Chapel|proved the theorem|gave the speech|won the election|ruled for fifty years|founded the city|flew solo in 1932|translated the Bible|broke the code|studied the stars|taught before the war",
  ),
  company: words("Apple|Toyota|Nokia|Ford|Sony|Lego|Nintendo|Boeing|Siemens|Adidas|Ikea|Microsoft"),
  brandProduct: words(
    "the iPhone|the Walkman|the Beetle|aspirin|the Jumbo Jet|Barbie dolls|the Game Boy|Post-it notes|the Mini",
  ),
  body: words(
    "Lake Baikal|the Sahara|the Dead Sea|Greenland|Silicon Valley|the Bermuda Triangle|Transylvania|Patagonia|Siberia",
  ),
  measurable: words(
    "the Eiffel Tower|Mount Everest|the Nile|a giraffe|the moon|a blue whale|the Great Wall|Mount Fuji|a marathon|the Golden Gate Bridge|the Titanic|a tennis court",
  ),
  cost: words(
    "a ticket to the opera|a new passport|a litre of petrol|a house in Boston|the Mona Lisa|a barrel of oil|a first class stamp|a year at university|a wedding",
  ),
  usState: words("Texas|Ohio|Alaska|Nevada|Oregon|Florida|Montana|Virginia|Kansas|Maine|Utah"),
  field: words(
    "medicine|computing|aviation|economics|music|physics|chemistry|sailing|geography|sports|biology|cooking",
  ),
  book: words(
    "Hamlet|War and Peace|Don Quixote|Moby Dick|Dracula|Frankenstein|The Odyssey|Jane Eyre|Pinocchio|The Trial|Faust|Little Women|Treasure Island|Emma",
  ),
  /** Author and one of the books. */
  work: pairs(
    "Jane Austen~Emma|Mark Twain~Tom Sawyer|Leo Tolstoy~War and Peace|Victor Hugo~Les Misérables|Charles Dickens~Oliver Twist|Toni Morrison~Beloved|Franz Kafka~The Trial|Virginia Woolf~Orlando|Jules Verne~Around the World in Eighty Days|George Orwell~Animal Farm|Herman Melville~Moby Dick|Bram Stoker~Dracula",
  ),
  product: words(
    "coins|wires|cans|bridges|pencils|bells|aeroplanes|batteries|mirrors|bullets|windows|books|candles|bricks|tyres|ropes",
  ),
  edible: words("dish|fruit|vegetable|drink|spice|cheese|soup|dessert"),
  residence: words("the White House|Buckingham Palace|the Kremlin|the Vatican|the Forbidden City|Versailles"),
  writerRole: words("author|poet|writer|philosopher|playwright"),
  explorer: words("explorer|pilot|climber|doctor|scientist|sailor|soldier"),
  office: words("president|prime minister|king|queen|chancellor|head of state"),
  /** What is counted, and where. */
  count: pairs(
    "bones~the human body|keys~a piano|players~a football team|planets~the solar system|letters~the Greek alphabet|squares~a chess board|days~a leap year|members~the European Union|calories~a kilogram of rice|stars~the galaxy|islands~the Philippines|languages~India|states~Australia|moons~the system of Jupiter|chromosomes~a human cell|teeth~the mouth of a shark|lakes~Finland|students~the university|strings~a violin|hours~a week|people~Tokyo|museums~London|cars~California|provinces~Canada",
  ),
  /** A measure, and what has it. */
  measure: pairs(
    "population~Tokyo|population~Norway|area~Canada|area~the Sahara|depth~Lake Baikal|length~the Nile|height~Mount Everest|height~the Eiffel Tower|boiling point~water|melting point~gold|melting point~iron|speed~light|speed~sound|weight~an elephant|distance~the moon|temperature~the sun|diameter~the earth|salary~a nurse|salary~a bus driver|price~silver|price~petrol|age~the universe|width~the Panama Canal|size~an atom|interest rate~a loan",
  ),
  waterHolder: words("the human body|the surface of the earth|a cucumber|milk|an apple|a jellyfish|the brain|an egg"),
  recurring: words("a solar eclipse|the World Cup|a leap year|a full moon|an election|the comet|a census|high tide"),
  placeNoun: words("city|country|state|island|province|village|region|town|county|continent"),
  localPlace: words("city|river|mountain|lake|town|village|province|region|volcano|island|desert|port"),
  /** A kind of place, and what is said of it. */
  place: pairs(
    "city~has the largest population|country~has the largest population|city~was once called Constantinople|country~is the smallest in the world|city~lies on two continents|country~is closest to the equator|city~hosts the film festival|country~has the most volcanoes|city~is known as the Big Apple|city~was destroyed by a volcano|country~is surrounded by South Africa|village~gets the most rain|city~was divided by a wall|river~is the longest in the world|mountain~is the highest in the world|lake~is the deepest on earth|desert~is the driest|ocean~is the largest|island~was sold for a few beads|state~is known for potatoes|continent~has no deserts|sea~is the saltiest|volcano~destroyed Pompeii|town~has the oldest university|region~makes the best wine|province~speaks French|capital~is the highest above the sea|county~is known for its cider",
  ),
  year: words("1492|1789|1848|1901|1912|1925|1939|1945|1953|1961|1969|1975|1984|1989|1994|2001|2008|2012"),
};

export type Slot = keyof typeof questionFillers;

/** Two fillers that go together, drawn at once: `{slot.1}` and `{slot.2}`. */
function pairs(list: string): readonly (readonly [string, string])[] {
  return list.split("|").map((entry) => {
    const [first, second, ...more] = entry.split("~");
    if (first === undefined || second === undefined || more.length > 0) throw new Error(`Not a pair: "${entry}".`);
    return [first, second];
  });
}

function words(list: string): readonly string[] {
  return list.split("|");
}
