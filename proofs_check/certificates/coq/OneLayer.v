(* One layer a -> phi(W a) of independent symmetric weights: what is assumed, and the moments that follow.

   E is the expectation over the random matrix W. All that is assumed of it stands in the two records below: it is
   linear, it does not change when one weight changes its sign (independent weights, each symmetric about 0), and a few
   moments of single weights and of pairs are given. Every expectation over independent symmetric weights of the
   variance s2 and the kurtosis K has these properties; nothing is assumed of gates. *)
From Coq Require Import Reals Lia Lra FunctionalExtensionality Arith.
From Vanishing Require Import Sums Recursions.
Open Scope R_scope.

Definition matrix := nat -> nat -> R.
Definition vector := nat -> R.

(* The weight (i, j) changes its sign. *)
Definition flip (i j : nat) (w : matrix) : matrix :=
  fun k l => if ((k =? i) && (l =? j))%nat%bool then - w k l else w k l.

Record second_moments (rows columns : nat) (s2 : R) (E : (matrix -> R) -> R) : Prop := {
  additive : forall f g, E (fun w : matrix => f w + g w) = E f + E g;
  homogeneous : forall c f, E (fun w : matrix => c * f w) = c * E f;
  symmetric : forall i j f, (i < rows)%nat -> (j < columns)%nat -> E (fun w : matrix => f (flip i j w)) = E f;
  variance : forall i j, (i < rows)%nat -> (j < columns)%nat -> E (fun w : matrix => w i j ^ 2) = s2
}.

Record fourth_moments (rows columns : nat) (s2 K : R) (E : (matrix -> R) -> R) : Prop := {
  to_second : second_moments rows columns s2 E;
  kurtosis : forall i j, (i < rows)%nat -> (j < columns)%nat -> E (fun w : matrix => w i j ^ 4) = K * s2 ^ 2;
  independent : forall i j k l,
    (i < rows)%nat -> (j < columns)%nat -> (k < rows)%nat -> (l < columns)%nat -> (i, j) <> (k, l) ->
    E (fun w : matrix => w i j ^ 2 * w k l ^ 2) = s2 ^ 2
}.

(* phi(z) = z for z > 0 and slope z else: 1 is linear, 0 is ReLU. *)
Definition phi (slope z : R) : R := if Rlt_dec 0 z then z else slope * z.

(* z_i = (W a)_i, also with only the first columns; a layer sends a to phi(W a). *)
Definition z (columns : nat) (w : matrix) (a : vector) (i : nat) : R := sum columns (fun j => w i j * a j).
Definition layer (columns : nat) (slope : R) (w : matrix) (a : vector) : vector := fun i => phi slope (z columns w a i).

(* |a|^2 and the sum of the a_i^4 *)
Definition square (n : nat) (a : vector) : R := sum n (fun i => a i ^ 2).
Definition fourth (n : nat) (a : vector) : R := sum n (fun i => a i ^ 4).

Lemma z_next : forall m w a i, z (S m) w a i = z m w a i + w i m * a m.
Proof. reflexivity. Qed.

Lemma square_next : forall m a, square (S m) a = square m a + a m ^ 2.
Proof. reflexivity. Qed.

Definition gate2 (slope : R) : R := (1 + slope ^ 2) / 2.
Definition gate4 (slope : R) : R := (1 + slope ^ 4) / 2.

Lemma phi_square : forall slope z, phi slope z ^ 2 + phi slope (- z) ^ 2 = (1 + slope ^ 2) * z ^ 2.
Proof.
  intros slope z; unfold phi; destruct (Rlt_dec 0 z), (Rlt_dec 0 (- z)); try (exfalso; lra); try ring.
  replace z with 0 by lra. ring.
Qed.

Lemma phi_fourth : forall slope z, phi slope z ^ 4 + phi slope (- z) ^ 4 = (1 + slope ^ 4) * z ^ 4.
Proof.
  intros slope z; unfold phi; destruct (Rlt_dec 0 z), (Rlt_dec 0 (- z)); try (exfalso; lra); try ring.
  replace z with 0 by lra. ring.
Qed.

(* ---- what a change of signs does --------------------------------------------------------------------------------- *)

Definition flip_row (i columns : nat) (w : matrix) : matrix :=
  fun k l => if ((k =? i) && (l <? columns))%nat%bool then - w k l else w k l.

Lemma z_of_flip_beyond : forall m i j k w a, (k <> i \/ m <= j)%nat -> z m (flip i j w) a k = z m w a k.
Proof.
  intros m i j k w a apart; apply sum_of_equals; intros l below; unfold flip.
  destruct (Nat.eqb_spec k i), (Nat.eqb_spec l j); simpl; try reflexivity. lia.
Qed.

Lemma z_of_flip_row : forall n i w a, z n (flip_row i n w) a i = - z n w a i.
Proof.
  intros n i w a; unfold z.
  replace (- sum n (fun j => w i j * a j)) with (-1 * sum n (fun j => w i j * a j)) by ring.
  rewrite <- sum_scaled. apply sum_of_equals; intros l below; unfold flip_row.
  rewrite Nat.eqb_refl. destruct (Nat.ltb_spec l n); simpl; [ring | lia].
Qed.

Lemma z_of_other_row : forall n m i k w a, k <> i -> z m (flip_row i n w) a k = z m w a k.
Proof.
  intros n m i k w a apart; apply sum_of_equals; intros l below; unfold flip_row.
  destruct (Nat.eqb_spec k i); simpl; [contradiction | reflexivity].
Qed.

Lemma flip_row_next : forall i m w, flip_row i (S m) w = flip i m (flip_row i m w).
Proof.
  intros i m w; extensionality k; extensionality l; unfold flip, flip_row.
  destruct (Nat.eqb_spec k i), (Nat.ltb_spec l (S m)), (Nat.ltb_spec l m), (Nat.eqb_spec l m); simpl; try lia; ring.
Qed.

Lemma flip_at : forall i j w, flip i j w i j = - w i j.
Proof. intros; unfold flip; rewrite !Nat.eqb_refl; reflexivity. Qed.

Lemma flip_elsewhere : forall i j k l w, (i, j) <> (k, l) -> flip i j w k l = w k l.
Proof.
  intros i j k l w apart; unfold flip.
  destruct (Nat.eqb_spec k i), (Nat.eqb_spec l j); simpl; try reflexivity. subst; contradiction.
Qed.

Section Second.
  Variables (rows columns : nat) (s2 slope : R) (E : (matrix -> R) -> R).
  Hypothesis law : second_moments rows columns s2 E.

  Let add := additive _ _ _ _ law.
  Let scale := homogeneous _ _ _ _ law.
  Let sign := symmetric _ _ _ _ law.

  Lemma E_sum : forall n (f : nat -> matrix -> R),
    E (fun w : matrix => sum n (fun i => f i w)) = sum n (fun i => E (f i)).
  Proof.
    induction n as [| n IH]; intro f; simpl.
    - replace (fun _ : matrix => 0) with (fun w : matrix => 0 * f 0%nat w) by (extensionality w; ring).
      rewrite scale. ring.
    - rewrite add, IH. reflexivity.
  Qed.

  Lemma E_row_sign : forall i m f, (i < rows)%nat -> (m <= columns)%nat -> E (fun w : matrix => f (flip_row i m w)) = E f.
  Proof.
    intros i m; induction m as [| m IH]; intros f below within.
    - f_equal; extensionality w; f_equal; extensionality k; extensionality l; unfold flip_row.
      destruct (Nat.ltb_spec l 0); [lia |]. rewrite Bool.andb_false_r. reflexivity.
    - transitivity (E (fun w : matrix => f (flip i m (flip_row i m w)))).
      { f_equal; extensionality w; rewrite flip_row_next; reflexivity. }
      rewrite (IH (fun w : matrix => f (flip i m w))) by lia. apply sign; lia.
  Qed.

  (* What changes its sign with a weight has the mean 0. *)
  Lemma E_odd : forall i j f, (i < rows)%nat -> (j < columns)%nat -> (forall w, f (flip i j w) = - f w) -> E f = 0.
  Proof.
    intros i j f below within odd.
    assert (E f = - E f); [| lra].
    rewrite <- (sign i j f below within) at 1.
    replace (fun w : matrix => f (flip i j w)) with (fun w : matrix => -1 * f w) by (extensionality w; rewrite odd; ring).
    rewrite scale. ring.
  Qed.

  Lemma E_nothing : forall f, (forall w, f w = 0) -> E f = 0.
  Proof.
    intros f zero. replace f with (fun w : matrix => 0 * f w) by (extensionality w; rewrite zero; ring). rewrite scale. ring.
  Qed.

  (* Two signs of a row are as good as one: the mean of half the sum. *)
  Lemma E_halved : forall i f, (i < rows)%nat -> E f = E (fun w : matrix => / 2 * (f w + f (flip_row i columns w))).
  Proof.
    intros i f below. rewrite scale, add, (E_row_sign i columns f) by lia. field.
  Qed.

  Lemma E_z_square : forall i a m, (i < rows)%nat -> (m <= columns)%nat -> E (fun w : matrix => z m w a i ^ 2) = s2 * square m a.
  Proof.
    intros i a m below; induction m as [| m IH]; intro within.
    - rewrite E_nothing by (intro w; unfold z; simpl; ring). unfold square; simpl; ring.
    - replace (fun w : matrix => z (S m) w a i ^ 2) with
        (fun w : matrix => (z m w a i ^ 2 + 2 * a m * (z m w a i * w i m)) + a m ^ 2 * w i m ^ 2)
        by (extensionality w; rewrite z_next; ring).
      rewrite !add, !scale, IH, (variance _ _ _ _ law i m) by lia.
      rewrite (E_odd i m (fun w : matrix => z m w a i * w i m)); try lia.
      + unfold square; simpl; ring.
      + intro w; rewrite z_of_flip_beyond by lia. rewrite flip_at. ring.
  Qed.

  Lemma E_unit_square : forall i a, (i < rows)%nat ->
    E (fun w : matrix => layer columns slope w a i ^ 2) = gate2 slope * s2 * square columns a.
  Proof.
    intros i a below. rewrite (E_halved i) by exact below.
    replace (fun w : matrix => / 2 * (layer columns slope w a i ^ 2 + layer columns slope (flip_row i columns w) a i ^ 2))
      with (fun w : matrix => gate2 slope * z columns w a i ^ 2).
    - rewrite scale, E_z_square by lia. ring.
    - extensionality w; unfold layer, gate2. rewrite z_of_flip_row, phi_square. field.
  Qed.

  Theorem one_layer_square : forall a,
    E (fun w : matrix => square rows (layer columns slope w a)) = INR rows * gate2 slope * s2 * square columns a.
  Proof.
    intro a; unfold square at 1. rewrite E_sum.
    rewrite (sum_of_equals rows _ (fun _ => gate2 slope * s2 * square columns a)) by
      (intros i below; apply E_unit_square; exact below).
    rewrite sum_of_constant. ring.
  Qed.
End Second.

Section Fourth.
  Variables (rows columns : nat) (s2 K slope : R) (E : (matrix -> R) -> R).
  Hypothesis law : fourth_moments rows columns s2 K E.

  Let low := to_second _ _ _ _ _ law.
  Let add := additive _ _ _ _ low.
  Let scale := homogeneous _ _ _ _ low.

  (* A weight and a preactivation that does not contain it are uncorrelated in their squares. *)
  Lemma E_weight_and_z : forall i j k a m,
    (i < rows)%nat -> (j < columns)%nat -> (k < rows)%nat -> (m <= columns)%nat -> (k <> i \/ m <= j)%nat ->
    E (fun w : matrix => w i j ^ 2 * z m w a k ^ 2) = s2 ^ 2 * square m a.
  Proof.
    intros i j k a m; induction m as [| m IH]; intros.
    - rewrite (E_nothing rows columns s2 E low) by (intro w; unfold z; simpl; ring). unfold square; simpl; ring.
    - replace (fun w : matrix => w i j ^ 2 * z (S m) w a k ^ 2) with
        (fun w : matrix => (w i j ^ 2 * z m w a k ^ 2 + 2 * a m * (w i j ^ 2 * z m w a k * w k m))
                  + a m ^ 2 * (w i j ^ 2 * w k m ^ 2))
        by (extensionality w; rewrite z_next; ring).
      assert (apart : (k, m) <> (i, j)) by (intro same; injection same; lia).
      rewrite !add, !scale, IH by lia.
      rewrite (independent _ _ _ _ _ law i j k m) by (try lia; congruence).
      rewrite (E_odd rows columns s2 E low k m (fun w : matrix => w i j ^ 2 * z m w a k * w k m)); try lia.
      + unfold square; simpl; ring.
      + intro w. rewrite z_of_flip_beyond, flip_at, (flip_elsewhere k m i j) by (try lia; exact apart). ring.
  Qed.

  Lemma E_z_fourth : forall i a m, (i < rows)%nat -> (m <= columns)%nat ->
    E (fun w : matrix => z m w a i ^ 4) = s2 ^ 2 * (3 * square m a ^ 2 + (K - 3) * fourth m a).
  Proof.
    intros i a m below; induction m as [| m IH]; intro within.
    - rewrite (E_nothing rows columns s2 E low) by (intro w; unfold z; simpl; ring). unfold square, fourth; simpl; ring.
    - replace (fun w : matrix => z (S m) w a i ^ 4) with
        (fun w : matrix => (z m w a i ^ 4 + 4 * a m * (z m w a i ^ 3 * w i m)) + 6 * a m ^ 2 * (w i m ^ 2 * z m w a i ^ 2)
                  + (4 * a m ^ 3 * (z m w a i * w i m ^ 3) + a m ^ 4 * w i m ^ 4))
        by (extensionality w; rewrite z_next; ring).
      rewrite !add, !scale, IH, E_weight_and_z, (kurtosis _ _ _ _ _ law i m) by lia.
      rewrite (E_odd rows columns s2 E low i m (fun w : matrix => z m w a i ^ 3 * w i m)); try lia.
      2: { intro w; rewrite z_of_flip_beyond by lia. rewrite flip_at. ring. }
      rewrite (E_odd rows columns s2 E low i m (fun w : matrix => z m w a i * w i m ^ 3)); try lia.
      2: { intro w; rewrite z_of_flip_beyond by lia. rewrite flip_at. ring. }
      unfold square, fourth; simpl; ring.
  Qed.

  Lemma E_two_z : forall i k a m, (i < rows)%nat -> (k < rows)%nat -> i <> k -> (m <= columns)%nat ->
    E (fun w : matrix => z m w a i ^ 2 * z columns w a k ^ 2) = s2 ^ 2 * (square m a * square columns a).
  Proof.
    intros i k a m; induction m as [| m IH]; intros.
    - rewrite (E_nothing rows columns s2 E low) by (intro w; unfold z at 1; simpl; ring). unfold square at 1; simpl; ring.
    - replace (fun w : matrix => z (S m) w a i ^ 2 * z columns w a k ^ 2) with
        (fun w : matrix => (z m w a i ^ 2 * z columns w a k ^ 2 + 2 * a m * (z m w a i * z columns w a k ^ 2 * w i m))
                  + a m ^ 2 * (w i m ^ 2 * z columns w a k ^ 2))
        by (extensionality w; rewrite z_next; ring).
      rewrite !add, !scale, IH, E_weight_and_z by lia.
      rewrite (E_odd rows columns s2 E low i m (fun w : matrix => z m w a i * z columns w a k ^ 2 * w i m)); try lia.
      + rewrite square_next. ring.
      + intro w. rewrite !z_of_flip_beyond, flip_at by lia. ring.
  Qed.

  Lemma E_unit_fourth : forall i a, (i < rows)%nat ->
    E (fun w : matrix => layer columns slope w a i ^ 4)
    = gate4 slope * s2 ^ 2 * (3 * square columns a ^ 2 + (K - 3) * fourth columns a).
  Proof.
    intros i a below. rewrite (E_halved rows columns s2 E low i) by exact below.
    replace (fun w : matrix => / 2 * (layer columns slope w a i ^ 4 + layer columns slope (flip_row i columns w) a i ^ 4))
      with (fun w : matrix => gate4 slope * z columns w a i ^ 4).
    - rewrite scale, E_z_fourth by lia. ring.
    - extensionality w; unfold layer, gate4. rewrite z_of_flip_row, phi_fourth. field.
  Qed.

  (* Two units: the gates of two rows are as if independent, because each row may change its sign. *)
  Lemma E_two_units : forall i k a, (i < rows)%nat -> (k < rows)%nat -> i <> k ->
    E (fun w : matrix => layer columns slope w a i ^ 2 * layer columns slope w a k ^ 2)
    = gate2 slope ^ 2 * s2 ^ 2 * square columns a ^ 2.
  Proof.
    intros i k a below above apart.
    rewrite (E_halved rows columns s2 E low i) by exact below.
    replace (fun w : matrix => / 2 * (layer columns slope w a i ^ 2 * layer columns slope w a k ^ 2
      + layer columns slope (flip_row i columns w) a i ^ 2 * layer columns slope (flip_row i columns w) a k ^ 2))
      with (fun w : matrix => gate2 slope * (z columns w a i ^ 2 * layer columns slope w a k ^ 2)).
    2: { extensionality w; unfold layer, gate2. rewrite (z_of_other_row columns columns i k) by congruence.
         rewrite z_of_flip_row.
         transitivity ((1 + slope ^ 2) * z columns w a i ^ 2 * phi slope (z columns w a k) ^ 2 * / 2); [field |].
         rewrite <- phi_square. field. }
    rewrite scale, (E_halved rows columns s2 E low k) by exact above.
    replace (fun w : matrix => / 2 * (z columns w a i ^ 2 * layer columns slope w a k ^ 2
      + z columns (flip_row k columns w) a i ^ 2 * layer columns slope (flip_row k columns w) a k ^ 2))
      with (fun w : matrix => gate2 slope * (z columns w a i ^ 2 * z columns w a k ^ 2)).
    2: { extensionality w; unfold layer, gate2. rewrite (z_of_other_row columns columns k i) by congruence.
         rewrite z_of_flip_row.
         transitivity ((1 + slope ^ 2) * z columns w a k ^ 2 * z columns w a i ^ 2 * / 2); [field |].
         rewrite <- phi_square. field. }
    rewrite scale, E_two_z by (try lia; congruence). ring.
  Qed.

  Lemma E_rows_square : forall r a, (r <= rows)%nat ->
    E (fun w : matrix => square r (layer columns slope w a) ^ 2)
    = INR r * gate4 slope * s2 ^ 2 * (3 * square columns a ^ 2 + (K - 3) * fourth columns a)
      + INR r * (INR r - 1) * gate2 slope ^ 2 * s2 ^ 2 * square columns a ^ 2.
  Proof.
    intros r a; induction r as [| r IH]; intro within.
    - rewrite (E_nothing rows columns s2 E low) by (intro w; unfold square; simpl; ring). simpl; ring.
    - replace (fun w : matrix => square (S r) (layer columns slope w a) ^ 2) with
        (fun w : matrix => (square r (layer columns slope w a) ^ 2
                   + 2 * sum r (fun i => layer columns slope w a i ^ 2 * layer columns slope w a r ^ 2))
                  + layer columns slope w a r ^ 4).
      2: { extensionality w; rewrite square_next; unfold square.
           rewrite (sum_of_equals r (fun i => layer columns slope w a i ^ 2 * layer columns slope w a r ^ 2)
             (fun i => layer columns slope w a r ^ 2 * layer columns slope w a i ^ 2)) by (intros; ring).
           rewrite sum_scaled. ring. }
      rewrite !add, !scale, IH, E_unit_fourth by lia.
      rewrite (E_sum rows columns s2 E low).
      rewrite (sum_of_equals r _ (fun _ => gate2 slope ^ 2 * s2 ^ 2 * square columns a ^ 2)) by
        (intros i below; apply E_two_units; lia).
      rewrite sum_of_constant, S_INR. ring.
  Qed.

  Theorem one_layer_fourth : forall a,
    E (fun w : matrix => square rows (layer columns slope w a) ^ 2)
    = (INR rows * gate4 slope * s2 ^ 2 * 3 + INR rows * (INR rows - 1) * gate2 slope ^ 2 * s2 ^ 2) * square columns a ^ 2
      + INR rows * gate4 slope * s2 ^ 2 * (K - 3) * fourth columns a.
  Proof. intro a. rewrite E_rows_square by lia. ring. Qed.

  Theorem one_layer_of_fourth_powers : forall a,
    E (fun w : matrix => fourth rows (layer columns slope w a))
    = INR rows * gate4 slope * s2 ^ 2 * 3 * square columns a ^ 2
      + INR rows * gate4 slope * s2 ^ 2 * (K - 3) * fourth columns a.
  Proof.
    intro a; unfold fourth at 1. rewrite (E_sum rows columns s2 E low).
    rewrite (sum_of_equals rows _
      (fun _ => gate4 slope * s2 ^ 2 * (3 * square columns a ^ 2 + (K - 3) * fourth columns a))) by
      (intros i below; apply E_unit_fourth; exact below).
    rewrite sum_of_constant. ring.
  Qed.
End Fourth.
