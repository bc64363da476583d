import { InvalidArgumentError } from 'commander';

/** A number of rounds, as it was typed. @throws InvalidArgumentError */
export function positive(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('a whole number from 1');
  return number;
}
