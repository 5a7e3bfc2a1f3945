/** Money is integer minor units; only showing it needs the currency's digits. */

const formats = new Map<string, Intl.NumberFormat>();

function formatOf(currency: string, locale: string, whole: boolean): Intl.NumberFormat {
  const key = `${locale} ${currency} ${whole}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(locale, {
      style: "currency",
      currency,
      ...(whole ? { minimumFractionDigits: 0, maximumFractionDigits: 0 } : {}),
    });
    formats.set(key, format);
  }
  return format;
}

/** The word for no price at all. */
const FREE_OF_CHARGE = "Free";

export function money(minor: number, currency: string, locale: string): string {
  if (minor === 0) return FREE_OF_CHARGE;
  const format = formatOf(currency, locale, false);
  return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}

/** Without the cents where there are none: for the map, where room is short. */
export function shortMoney(minor: number, currency: string, locale: string): string {
  if (minor === 0) return FREE_OF_CHARGE;
  const digits = formatOf(currency, locale, false).resolvedOptions().maximumFractionDigits ?? 2;
  const unit = 10 ** digits;
  return minor % unit
    ? money(minor, currency, locale)
    : formatOf(currency, locale, true).format(minor / unit);
}
