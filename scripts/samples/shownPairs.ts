/**
 * The rows of `samples/question-pairs.jsonl`: two questions each, of one type or of two, that share words or none. The
 * classifier, taken as an encoder, finds the first kind alike.
 */
export const shownPairs: readonly { readonly first: string; readonly second: string }[] = [
  pair("Who wrote the play Hamlet?", "Which author invented Sherlock Holmes?"),
  pair("Who wrote the play Hamlet?", "How many miles is it from Oslo to Rome?"),
  pair("Where is the Taj Mahal?", "What is the capital city of Iceland?"),
  pair("Why do birds sing at dawn?", "Could you explain what osmosis is?"),
  pair("How long is the Danube?", "How many bones would you find in the human body?"),
  pair("Which currency do you pay with in Japan?", "What is the capital city of Japan?"),
  pair("What does GPS stand for?", "Which words do the letters VAT stand for?"),
  pair("Who discovered penicillin?", "When was penicillin discovered?"),
];

function pair(first: string, second: string): { first: string; second: string } {
  return { first, second };
}
