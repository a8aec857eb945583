/** Languages that have a built-in list of stop words, by their ISO 639-3 codes, as the library `stopword` has them. */
export const stopWordLanguages = [
  ..."afr ara ben bre bul cat ces dan deu ell eng epo est eus fas fin fra gle glg guj hau heb hin hrv hun hye ind ita".split(
    " ",
  ),
  ..."jpn kor kur lat lav lgg lit mar msa mya nld nob panGu pol por porBr ron rus slk slv som sot spa swa swe tgl tha".split(
    " ",
  ),
  ..."tur ukr urd vie yor zho zul".split(" "),
];

/** The built-in list that `code` names: its own name, or a language tag such as `en`; undefined: there is none. */
export function stopWordLanguage(code: string): string | undefined {
  if (stopWordLanguages.includes(code)) return code;
  const tag = tagOf(code);
  return tag === undefined ? undefined : stopWordLanguages.find((known) => tagOf(known) === tag);
}

/** What people call the language of a built-in list. */
export function stopWordLabel(code: string): string {
  const other = { panGu: "Punjabi (Gurmukhi)", porBr: "Portuguese (Brazil)" }[code];
  return other ?? new Intl.DisplayNames("en", { type: "language" }).of(code) ?? code;
}

/** `eng` and `en` have the same canonical tag. */
function tagOf(code: string): string | undefined {
  if (!/^[a-z]{2,3}$/i.test(code)) return undefined;
  return Intl.getCanonicalLocales(code)[0];
}
